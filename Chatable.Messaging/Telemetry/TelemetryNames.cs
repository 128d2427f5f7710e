namespace Chatable.Messaging.Telemetry;

/// <summary>Telemetry names that are used in more than one process.</summary>
public static class TelemetryNames
{
    /// <summary>Activity source and meter of the sockets and their traffic.</summary>
    public const string Realtime = "Chatable.Realtime";

    /// <summary>Activity source and meter of the path from the intake to the servers' queues.</summary>
    public const string Fanout = "Chatable.Fanout";

    /// <summary>Producer span: a message is appended to the intake.</summary>
    public const string AcceptSpan = "chatable.accept";

    /// <summary>Consumer span: a message is stored.</summary>
    public const string CommitSpan = "chatable.commit";

    /// <summary>A message is sent on the sockets of one server.</summary>
    public const string PushSpan = "chatable.push";
}
