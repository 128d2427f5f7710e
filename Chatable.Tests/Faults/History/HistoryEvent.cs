using System.Text.Json.Serialization;

namespace Chatable.Tests.Faults.History;

/// <summary>Jepsen's terms for what is known about an operation.</summary>
internal enum Known
{
    /// <summary>It was started.</summary>
    Invoke,

    /// <summary>It certainly happened.</summary>
    Ok,

    /// <summary>It certainly did not and will not happen.</summary>
    Fail,

    /// <summary>It may have happened, or may still.</summary>
    Info,
}

internal enum Op
{
    /// <summary>A connection starts; <see cref="HistoryEvent.Seq"/> is <c>since</c>, null for "from now on".</summary>
    Hello,

    /// <summary>The server's answer; <see cref="HistoryEvent.Seq"/> is the head.</summary>
    Welcome,

    /// <summary>The cursor was rejected; <see cref="HistoryEvent.Seq"/> is the head to continue from.</summary>
    Reset,

    CaughtUp,

    /// <summary>
    /// Invoke: one attempt to send. Fail: a final error. Info: a retryable error, or no answer before the connection ended.
    /// </summary>
    Send,

    /// <summary>The message is committed.</summary>
    Ack,

    /// <summary>A frame with a message, as received.</summary>
    Recv,

    /// <summary>A message that the client library delivered to its application.</summary>
    Take,

    /// <summary>A message shown to the user of a device for the first time.</summary>
    Surface,

    /// <summary>One message read by its position; ok without a hash means not found.</summary>
    RestRead,

    /// <summary>The connection ended; <see cref="HistoryEvent.Seq"/> is the close code.</summary>
    Close,

    /// <summary>The user's token was revoked, and the server has confirmed it.</summary>
    Revoke,

    /// <summary>PostgreSQL has died, and its replacement lacks the latest data.</summary>
    Lose,

    /// <summary>The faults are over.</summary>
    Heal,
}

/// <summary>
/// One line of the history: T in microseconds since the run began, from a monotonic clock; the device or process that saw the event, its
/// user and connection (unique in the run); what is known about which operation; and the details of the message. The hash replaces the
/// body, which is never written down; each message of a run has its own. "Repeat" is an ack that says nothing new.
/// <code>
/// {"run":"F1-7","t":1203344,"proc":"alice/phone","user":"alice","conn":12,"ev":"ok","op":"recv","id":"0191…","client_id":"c1",
///  "seq":5,"conv":3,"conv_seq":2,"from":"bob","to":"alice","hash":"9f86d081884c7d65"}
/// </code>
/// </summary>
internal sealed record HistoryEvent(
    long T, string Proc, string User, Known Ev, Op Op, int? Conn = null, string? Id = null, string? ClientId = null, long? Seq = null,
    long? Conv = null, long? ConvSeq = null, string? From = null, string? To = null, string? Hash = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Repeat = false,
    string? Code = null)
{
    public string Run { get; init; } = "";

    [JsonIgnore]
    public TimeSpan At => TimeSpan.FromMicroseconds(T);
}
