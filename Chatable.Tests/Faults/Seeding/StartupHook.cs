using Chatable.Tests.Faults.Seeding;

/// <summary>
/// The runtime calls this before the program of a process that has <see cref="ProcessHook.Variable"/>; it requires this name without a
/// namespace.
/// </summary>
internal static class StartupHook
{
    public static void Initialize() => ProcessHook.Begin();
}
