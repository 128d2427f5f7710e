using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>A row of <c>messages</c>, with names for users.</summary>
internal sealed record StoredMessage(
    string Id, string From, string To, string ClientId, long Conv, long ConvSeq, string Hash, DateTime CreatedAt);

/// <summary>A row of <c>envelopes</c>.</summary>
internal sealed record StoredEnvelope(string User, long Seq, string MessageId);

/// <summary>A message as one user is shown it at the end: <see cref="Seq"/> on a socket, none over REST.</summary>
internal sealed record SeenMessage(string Id, string From, string To, long Conv, long ConvSeq, string Hash, long? Seq = null);

/// <summary>A device that took part from an empty log to the end, so that it must have shown everything.</summary>
internal sealed record Device(string Proc, string User);

/// <summary>Something that must not grow beyond a bound, such as "api-1: open files after the run".</summary>
internal sealed record Measure(string What, double Value, double Limit);

/// <summary>All that is known of a run: what the clients saw while it went on, and three independent looks at what came of it.</summary>
internal sealed record Evidence
{
    public required IReadOnlyList<HistoryEvent> Events { get; init; }
    public IReadOnlyList<Device> Devices { get; init; } = [];
    public IReadOnlyList<StoredMessage> Messages { get; init; } = [];

    /// <summary>What a PostgreSQL had in whose place there is another now; empty where there is none.</summary>
    public IReadOnlyList<StoredMessage> Past { get; init; } = [];

    public IReadOnlyList<StoredEnvelope> Envelopes { get; init; } = [];

    /// <summary>What each user finds over REST.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> Rest { get; init; } =
        new Dictionary<string, IReadOnlyList<SeenMessage>>();

    /// <summary>What a socket of each user gets that begins with <c>since: 0</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> Fresh { get; init; } =
        new Dictionary<string, IReadOnlyList<SeenMessage>>();

    public IReadOnlyList<Measure> Measures { get; init; } = [];

    /// <summary>How soon after the faults, or after its ack, a message is to have reached every device.</summary>
    public TimeSpan Delivered { get; init; } = Liveness.Delivered;

    /// <summary>How long after its token was revoked a connection may still get frames.</summary>
    public TimeSpan RevocationSeen { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Ends of processes nobody has ordered, and exceptions nobody has caught.</summary>
    public IReadOnlyList<string> Surprises { get; init; } = [];
}
