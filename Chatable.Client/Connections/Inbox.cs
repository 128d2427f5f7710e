using Chatable.Client.Session;

namespace Chatable.Client.Connections;

/// <summary>
/// Messages that were received but not yet taken by the application. The stored cursor is just before the first item, so everything in the
/// inbox comes again after a crash. When it is full, nothing is added until the application continues.
/// </summary>
internal sealed class Inbox(int capacity)
{
    private readonly Queue<Item> _items = [];
    private readonly Signal _available = new();
    private readonly Lock _lock = new();

    private Item? _last;
    private int _places;
    private bool _isCompleted;

    /// <summary>A message, or a reset of the log, together with the seqs after it that the application need not see.</summary>
    public sealed class Item
    {
        public ChatMessage? Message { get; init; }

        public ChatReset? Reset { get; init; }

        /// <summary>The cursor after this item is taken.</summary>
        public required long Through { get; set; }

        public int Places { get; set; } = 1;
    }

    public Room Room
    {
        get
        {
            lock (_lock)
                return _places >= capacity ? Room.None : _places > capacity / 2 ? Room.Little : Room.Plenty;
        }
    }

    /// <summary>Whether a reset is waiting to be taken. The stored cursor then still belongs to the previous log.</summary>
    public bool HoldsReset
    {
        get
        {
            lock (_lock)
                return _items.Any(item => item.Reset is not null);
        }
    }

    public void Add(Item item)
    {
        lock (_lock)
        {
            _items.Enqueue(item);
            _last = item;
            _places++;
        }

        _available.Set();
    }

    /// <returns>Whether the seq was added to the item before it. If not, the inbox is empty, and the cursor can move at once.</returns>
    public bool TryPass(long seq)
    {
        lock (_lock)
        {
            if (_last is null)
                return false;

            _last.Through = seq;
            _last.Places++;
            _places++;
            return true;
        }
    }

    /// <summary>Returns the first item, which stays until it is finished.</summary>
    /// <returns>Null if the inbox is empty and complete.</returns>
    public async Task<Item?> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_items.TryPeek(out var item) || _isCompleted)
                    return item;
            }

            await _available.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void RemoveFirst()
    {
        lock (_lock)
        {
            _places -= _items.Dequeue().Places;
            if (_items.Count == 0)
                _last = null;
        }
    }

    public void Complete()
    {
        lock (_lock)
            _isCompleted = true;
        _available.Set();
    }
}
