namespace Chatable.Bench.Subjects;

/// <summary>What the systems are called on the command line and in the report.</summary>
internal static class SubjectNames
{
    public const string Relay = "relay";
    public const string SignalRStored = "signalr-stored";
    public const string SignalR = "signalr";
    public const string Chatable = "chatable";

    /// <summary>In the order in which they take their turns.</summary>
    public static IReadOnlyList<string> All { get; } = [Relay, SignalRStored, SignalR, Chatable];
}
