using Chatable.Tests.Faults.Cluster;

/// <summary>What the runtime calls in a process started with <see cref="HoldingHandler.Hook"/>; it wants this name, in no namespace.</summary>
internal static class StartupHook
{
    public static void Initialize() => HoldingHandler.Enter();
}
