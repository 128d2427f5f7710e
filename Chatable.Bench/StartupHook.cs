using Chatable.Bench.Measures;

/// <summary>What the runtime calls in a process started with <see cref="AllocationGauge.Hook"/>; it wants this name, in no namespace.</summary>
internal static class StartupHook
{
    public static void Initialize() => AllocationGauge.Serve();
}
