namespace Chatable.Tests.Faults.Workload;

internal enum DraftState
{
    /// <summary>Not yet sent on this connection.</summary>
    Waiting,

    /// <summary>Sent, and not answered yet.</summary>
    OnItsWay,

    /// <summary>Answered with a retryable error.</summary>
    Refused,
}

/// <summary>A message of a device that has no ack yet.</summary>
internal sealed class Draft(string clientId, string to, string body, string hash)
{
    public string ClientId => clientId;

    public string To => to;

    public string Body => body;

    public string Hash => hash;

    public DraftState State { get; set; }

    /// <summary>When it was last sent, or when it may be sent again, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Since { get; set; }

    /// <summary>When it was written.</summary>
    public long Written { get; } = Environment.TickCount64;
}
