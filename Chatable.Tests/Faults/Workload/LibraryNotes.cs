using Chatable.Client;
using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// What the application of a library device knows and records. It survives the device's crashes, as the application's own database would.
/// Its whole life is one connection in the history: the library keeps the order of its sends over all connections.
/// </summary>
internal sealed class LibraryNotes(EventLog log, string proc, string user)
{
    private const int Overlap = 1000;

    private readonly Lock _gate = new();
    private readonly int _connection = log.NextConnection();
    private readonly HashSet<string> _mine = [];
    private readonly HashSet<string> _shown = [];
    private readonly HashSet<string> _loaded = [];
    private readonly Dictionary<long, Dictionary<long, Guid>> _places = [];

    public void AddAttempt(Draft draft)
    {
        lock (_gate)
            _mine.Add(draft.Hash);
        Add(Known.Invoke, Op.Send, one => one with { ClientId = draft.ClientId, From = user, To = draft.To, Hash = draft.Hash });
    }

    /// <summary>Failed for good, or the outcome is unknown.</summary>
    public void AddNoAck(Draft draft, Known known) => Add(known, Op.Send, one => one with { ClientId = draft.ClientId });

    /// <summary>Committed; the application shows its own message now, and the library does not deliver it.</summary>
    public void AddAck(Draft draft, SentMessage sent)
    {
        Note(sent.Conversation, sent.ConversationSeq, sent.MessageId);
        Add(Known.Ok, Op.Ack, one => one with
        {
            Id = sent.MessageId.ToString(),
            ClientId = sent.ClientId,
            Conv = sent.Conversation,
            ConvSeq = sent.ConversationSeq,
        });
        AddShown(draft.Hash);
    }

    /// <summary>
    /// A message that the library delivered. If the history has already returned it, it is not shown again; any other repeat is.
    /// </summary>
    public void AddTaken(ChatMessage message)
    {
        var hash = BodyHash.Of(message.Text);
        Note(message.Conversation, message.ConversationSeq, message.MessageId);
        Add(Known.Ok, Op.Take, one => one with
        {
            Id = message.MessageId.ToString(),
            ClientId = message.ClientId,
            Seq = message.Seq,
            Conv = message.Conversation,
            ConvSeq = message.ConversationSeq,
            From = message.Author,
            To = message.Recipient,
            Hash = hash,
        });
        bool isKnown;
        lock (_gate)
            isKnown = _loaded.Contains(hash);
        if (!isKnown)
            AddShown(hash);
    }

    /// <summary>
    /// A message from the history after a reset: shown if it is new, unless this device wrote it; those are shown by their ack.
    /// </summary>
    public void AddLoaded(ChatMessage message)
    {
        var hash = BodyHash.Of(message.Text);
        Note(message.Conversation, message.ConversationSeq, message.MessageId);
        lock (_gate)
        {
            if (_mine.Contains(hash) || _shown.Contains(hash))
                return;
            _loaded.Add(hash);
        }

        AddShown(hash);
    }

    public void AddReset(long to) => Add(Known.Ok, Op.Reset, one => one with { Seq = to });

    public void AddEnd(int? closeCode) => Add(Known.Info, Op.Close, one => one with { Seq = closeCode });

    /// <summary>
    /// Positions from which a conversation may be loaded: well before the first missing message, and from the beginning. The first is
    /// enough if the message after it is known; if the log was set back, it may be a different one.
    /// </summary>
    public IEnumerable<long> LoadAfter(long conversation)
    {
        lock (_gate)
        {
            long place = 0;
            while (_places.TryGetValue(conversation, out var places) && places.ContainsKey(place + 1))
                place++;
            return place > Overlap ? [place - Overlap, 0] : [0];
        }
    }

    public bool Knows(ChatMessage message)
    {
        lock (_gate)
        {
            return _places.TryGetValue(message.Conversation, out var places)
                && places.GetValueOrDefault(message.ConversationSeq) == message.MessageId;
        }
    }

    private void Note(long conversation, long place, Guid id)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(conversation, out var places))
                _places[conversation] = places = [];
            places[place] = id;
        }
    }

    private void AddShown(string hash)
    {
        lock (_gate)
            _shown.Add(hash);
        Add(Known.Ok, Op.Surface, one => one with { Hash = hash });
    }

    private void Add(Known known, Op op, Func<HistoryEvent, HistoryEvent> fill) =>
        log.Add(t => fill(new HistoryEvent(t, proc, user, known, op, _connection)));
}
