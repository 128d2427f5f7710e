using System.Text.Json.Serialization;

namespace Chatable.Tests.Faults.History;

/// <summary>Jepsen's words for what is known of an operation.</summary>
internal enum Known
{
    /// <summary>It was begun.</summary>
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
    /// <summary>A connection begins; <see cref="HistoryEvent.Seq"/> is <c>since</c>, null for "from now on".</summary>
    Hello,

    /// <summary>The server's answer; <see cref="HistoryEvent.Seq"/> is the head.</summary>
    Welcome,

    /// <summary>The cursor was not honoured; <see cref="HistoryEvent.Seq"/> is the head to go on from.</summary>
    Reset,

    CaughtUp,

    /// <summary>
    /// Invoke: one attempt to send. Fail: a final error. Info: a retryable error, or no answer before the connection ended.
    /// </summary>
    Send,

    /// <summary>The message is committed.</summary>
    Ack,

    /// <summary>A frame with a message, as it came.</summary>
    Recv,

    /// <summary>A message that the client library gave to its application.</summary>
    Take,

    /// <summary>A message shown to the user of a device for the first time.</summary>
    Surface,

    /// <summary>One message asked for by its place; ok without a hash: it was not there.</summary>
    RestRead,

    /// <summary>The connection ended; <see cref="HistoryEvent.Seq"/> is the close code.</summary>
    Close,

    /// <summary>The user's token was revoked, and the server has confirmed it.</summary>
    Revoke,

    /// <summary>PostgreSQL has died, and what takes its place lacks the last of what it had.</summary>
    Lose,

    /// <summary>The faults are over.</summary>
    Heal,
}

/// <summary>
/// One line of the history: T in microseconds since the run began, by a monotonic clock; the device or process that saw it, its user
/// and connection (unique in the run); what is known of which operation; and of the message, what the line is about. The hash stands
/// for the body, which is never written down; no two messages of a run have the same. "Repeat" is an ack that says nothing new.
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
