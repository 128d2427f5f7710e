using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>A row of <c>messages</c>, with usernames.</summary>
internal sealed record StoredMessage(
    string Id, string From, string To, string ClientId, long Conv, long ConvSeq, string Hash, DateTime CreatedAt);

/// <summary>A row of <c>envelopes</c>.</summary>
internal sealed record StoredEnvelope(string User, long Seq, string MessageId);

/// <summary>A message as shown to one user at the end; <see cref="Seq"/> is known on a socket, but not over REST.</summary>
internal sealed record SeenMessage(string Id, string From, string To, long Conv, long ConvSeq, string Hash, long? Seq = null);

/// <summary>A device that took part from an empty log to the end, so it must have shown everything.</summary>
internal sealed record Device(string Proc, string User);

/// <summary>Something with an upper bound, such as "api-1: open files after the run".</summary>
internal sealed record Measure(string What, double Value, double Limit);

/// <summary>All that is known about a run: what the clients saw during it, and three independent reads of the result.</summary>
internal sealed record Evidence
{
    public required IReadOnlyList<HistoryEvent> Events { get; init; }
    public IReadOnlyList<Device> Devices { get; init; } = [];
    public IReadOnlyList<StoredMessage> Messages { get; init; } = [];

    /// <summary>The messages of a PostgreSQL that was replaced; empty if none was.</summary>
    public IReadOnlyList<StoredMessage> Past { get; init; } = [];

    /// <summary>Whether every ack waited for the standby, so that a failover may undo none of them.</summary>
    public bool AcksSurvive { get; init; }

    public IReadOnlyList<StoredEnvelope> Envelopes { get; init; } = [];

    /// <summary>What each user reads over REST.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> Rest { get; init; } =
        new Dictionary<string, IReadOnlyList<SeenMessage>>();

    /// <summary>What a fresh socket of each user receives with <c>since: 0</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> Fresh { get; init; } =
        new Dictionary<string, IReadOnlyList<SeenMessage>>();

    public IReadOnlyList<Measure> Measures { get; init; } = [];

    /// <summary>How soon after the faults, or after its ack, a message must have reached every device.</summary>
    public TimeSpan Delivered { get; init; } = Liveness.Delivered;

    /// <summary>How long a connection may receive frames after its token was revoked.</summary>
    public TimeSpan RevocationSeen { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Unexpected process exits and unhandled exceptions.</summary>
    public IReadOnlyList<string> Surprises { get; init; } = [];
}
