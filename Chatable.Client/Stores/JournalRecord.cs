using System.Text.Json.Serialization;

namespace Chatable.Client.Stores;

/// <summary>
/// One change of a store, as a line of the journal.
/// <code>
/// {"op":"add","client_id":"c1","recipient":"bob","text":"hello","type":0}     into the outbox
/// {"op":"settle","client_id":"c1","seq":7}                                      acknowledged at place 7
/// {"op":"remove","client_id":"c1"}                                              refused for good
/// {"op":"advance","seq":7}                                                      the cursor moved to place 7
/// {"op":"reset","epoch":"3f2c…","seq":0}                                        the cursor was set
/// {"op":"epoch","epoch":"5a1e…","seq":7}                                        the log went on in an epoch that shares it up to there
/// {"op":"state","epoch":"3f2c…","seq":7,"outbox":[{"client_id":"c1",…}],"settled":[9]}   everything; what is before it is void
/// </code>
/// </summary>
internal sealed record JournalRecord(
    string Op, string? ClientId = null, string? Recipient = null, string? Text = null, ChatMessageType? Type = null,
    long? Seq = null, Guid? Epoch = null, IReadOnlyList<OutgoingMessage>? Outbox = null, IReadOnlyCollection<long>? Settled = null)
{
    /// <summary>
    /// Whether the change must survive a crash of the machine. A lost <c>add</c> is a lost message. A lost <c>reset</c> begins the log at
    /// the server's later head, and loses everything in between. A lost <c>remove</c> sends a message that the application was told is not
    /// sent. The others are harmless: after a lost <c>settle</c> the message is sent again and answered as a duplicate; after a lost
    /// <c>advance</c> messages come again; after a lost <c>epoch</c> the server reports it again.
    /// </summary>
    [JsonIgnore]
    public bool IsDurable => Op is "add" or "reset" or "remove" or "state";

    [JsonIgnore]
    public bool IsWhole => Op == "state";

    public static JournalRecord Add(OutgoingMessage message) =>
        new("add", message.ClientId, message.Recipient, message.Text, message.Type);

    public static JournalRecord Settle(string clientId, long seq) => new("settle", clientId, Seq: seq);

    public static JournalRecord Remove(string clientId) => new("remove", clientId);

    public static JournalRecord Advance(long seq) => new("advance", Seq: seq);

    public static JournalRecord Reset(ChatCursor cursor) => new("reset", Seq: cursor.Seq, Epoch: cursor.Epoch);

    public static JournalRecord GoOn(ChatCursor shared) => new("epoch", Seq: shared.Seq, Epoch: shared.Epoch);

    public static JournalRecord Whole(StoreState state) =>
        new("state", Seq: state.Cursor?.Seq, Epoch: state.Cursor?.Epoch, Outbox: state.Outbox, Settled: state.SettledAhead);

    /// <exception cref="InvalidOperationException">The change moves the cursor back.</exception>
    public void Verify(StoreState state)
    {
        if (Op == "advance" && !(Seq > state.Cursor?.Seq))
            throw new InvalidOperationException("The cursor only moves forward, once it is set.");
    }

    /// <exception cref="InvalidDataException">This version does not know the change.</exception>
    public void ApplyTo(StoreState state)
    {
        switch (this)
        {
            case { Op: "add", ClientId: { } id, Recipient: { } recipient, Text: { } text, Type: { } type }:
                state.Add(new OutgoingMessage(id, recipient, text, type));
                break;
            case { Op: "settle", ClientId: { } id, Seq: { } seq }:
                state.Settle(id, seq);
                break;
            case { Op: "remove", ClientId: { } id }:
                state.Remove(id);
                break;
            case { Op: "advance", Seq: { } seq } when seq > state.Cursor?.Seq:
                state.Advance(seq);
                break;
            case { Op: "reset", Seq: { } seq, Epoch: { } epoch }:
                state.Reset(new ChatCursor(epoch, seq));
                break;
            case { Op: "epoch", Seq: { } seq, Epoch: { } epoch }:
                state.GoOn(new ChatCursor(epoch, seq));
                break;
            case { Op: "state", Outbox: { } outbox, Settled: { } settled }:
                state.Restore(Epoch is { } ofLog && Seq is { } place ? new ChatCursor(ofLog, place) : null, outbox, settled);
                break;
            default:
                throw new InvalidDataException("The journal holds a change that this version does not know.");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
