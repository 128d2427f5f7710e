namespace Chatable.Client.Stores;

/// <summary>The in-memory state of both stores, and the effect of each call on it.</summary>
internal sealed class StoreState
{
    private readonly List<OutgoingMessage> _outbox = [];
    private readonly SortedSet<long> _settledAhead = [];

    public ChatCursor? Cursor { get; private set; }

    public IReadOnlyList<OutgoingMessage> Outbox => _outbox;

    public IReadOnlyCollection<long> SettledAhead => _settledAhead;

    public ChatStoreContent Content => new(Cursor, [.. _outbox], _settledAhead.ToHashSet());

    public bool Holds(string clientId) => _outbox.Exists(message => message.ClientId == clientId);

    public void Add(OutgoingMessage message)
    {
        if (!Holds(message.ClientId))
            _outbox.Add(message);
    }

    public void Settle(string clientId, long seq)
    {
        Remove(clientId);
        if (seq > (Cursor?.Seq ?? 0))
            _settledAhead.Add(seq);
    }

    public void Remove(string clientId) => _outbox.RemoveAll(message => message.ClientId == clientId);

    public void Advance(long seq)
    {
        if (Cursor is not { } cursor || seq <= cursor.Seq)
            throw new InvalidOperationException("The cursor only moves forward, once it is set.");

        Cursor = cursor with { Seq = seq };
        _settledAhead.RemoveWhere(settled => settled <= seq);
    }

    public void Reset(ChatCursor cursor)
    {
        Cursor = cursor;
        _settledAhead.Clear();
    }

    public void GoOn(ChatCursor shared)
    {
        if (Cursor is { } cursor)
            Cursor = cursor with { Epoch = shared.Epoch };
        _settledAhead.RemoveWhere(settled => settled > shared.Seq);
    }

    public void Restore(ChatCursor? cursor, IEnumerable<OutgoingMessage> outbox, IEnumerable<long> settledAhead)
    {
        Cursor = cursor;
        _outbox.Clear();
        _outbox.AddRange(outbox);
        _settledAhead.Clear();
        _settledAhead.UnionWith(settledAhead);
    }
}
