using Chatable.Tests.Faults.Seeding;

/// <summary>
/// What the runtime calls in a process that has <see cref="ProcessHook.Variable"/>, before its program; it wants this name, in no namespace.
/// </summary>
internal static class StartupHook
{
    public static void Initialize() => ProcessHook.Begin();
}
