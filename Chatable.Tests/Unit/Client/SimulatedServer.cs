using Chatable.Client;
using Chatable.Client.Wire;

namespace Chatable.Tests.Unit.Client;

/// <summary>
/// One user's log on a server with protocol v2, reduced to what a device's session sees: idempotent sends, one dense log, acknowledgements
/// in place of the author's own messages, refusals in order.
/// </summary>
internal sealed class SimulatedServer
{
    private readonly List<ChatMessage> _log = [];
    private readonly Dictionary<string, long> _seqOf = [];

    /// <summary>Accepted but not committed; survives its connection.</summary>
    public Queue<Entry> Intake { get; } = [];

    public Guid Epoch { get; } = Guid.NewGuid();

    public IReadOnlyList<ChatMessage> Log => _log;

    /// <summary>A message in flight: what must be stored before it, and where its answer goes.</summary>
    public sealed record Entry(string Id, string Recipient, string Text, string? After, SimulatedLink Origin);

    public void StoreFrom(string author, string text) => Append(author, "me", text, clientId: null);

    public WelcomeFrame Welcome => new(Epoch, _log.Count, TimeSpan.FromSeconds(20), 16 * 1024, 4);

    public long Seq(string clientId) => _seqOf[clientId];

    public bool Has(string clientId) => _seqOf.ContainsKey(clientId);

    /// <summary>Commits a message once.</summary>
    /// <returns>Whether it was already stored.</returns>
    public bool Commit(string clientId, string recipient, string text)
    {
        if (_seqOf.ContainsKey(clientId))
            return true;
        Append("me", recipient, text, clientId);
        return false;
    }

    public AckFrame AckOf(string clientId, bool isDuplicate)
    {
        var message = _log[(int)Seq(clientId) - 1];
        var sent = new SentMessage(
            clientId, message.MessageId, message.Seq, message.Conversation, message.ConversationSeq, message.CreatedAt);
        return new AckFrame(sent, isDuplicate);
    }

    private void Append(string author, string recipient, string text, string? clientId)
    {
        var seq = _log.Count + 1;
        if (clientId is not null)
            _seqOf.Add(clientId, seq);
        _log.Add(new ChatMessage
        {
            Seq = seq,
            MessageId = Guid.NewGuid(),
            Conversation = 1,
            ConversationSeq = seq,
            Author = author,
            Recipient = recipient,
            Text = text,
            CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(seq),
            ClientId = clientId,
        });
    }
}
