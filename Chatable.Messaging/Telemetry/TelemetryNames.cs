namespace Chatable.Messaging.Telemetry;

/// <summary>Names that a trace or a dashboard meets in more than one process.</summary>
public static class TelemetryNames
{
    /// <summary>Activity source and meter of the sockets and what goes over them.</summary>
    public const string Realtime = "Chatable.Realtime";

    /// <summary>Activity source and meter of the way from the intake to the servers' queues.</summary>
    public const string Fanout = "Chatable.Fanout";

    /// <summary>Producer span: a message goes into the intake.</summary>
    public const string AcceptSpan = "chatable.accept";

    /// <summary>Consumer span: a message is stored.</summary>
    public const string CommitSpan = "chatable.commit";

    /// <summary>A message goes out on the sockets of one server.</summary>
    public const string PushSpan = "chatable.push";
}
