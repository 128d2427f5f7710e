namespace Chatable.Tests.Faults.Nemesis;

/// <summary>No fault: the baseline for the others.</summary>
internal static class Calm
{
    public static Fault Fault { get; } =
        new("F0", "nothing goes wrong", "nothing", "no attempt but the first", (_, window) => Task.Delay(Timeout.Infinite, window));
}
