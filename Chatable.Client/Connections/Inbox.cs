using Chatable.Client.Session;

namespace Chatable.Client.Connections;

/// <summary>
/// What was received and not taken by the application yet. The stored cursor stands just before its first item: whatever is in here
/// comes again after a crash. When it is full, nothing more is put in, until the application goes on.
/// </summary>
internal sealed class Inbox(int capacity)
{
    private readonly Queue<Item> _items = [];
    private readonly Signal _available = new();
    private readonly Lock _lock = new();

    private Item? _last;
    private int _places;
    private bool _isCompleted;

    /// <summary>A message, or the word that the log begins anew; and the places after it that hold nothing to take.</summary>
    public sealed class Item
    {
        public ChatMessage? Message { get; init; }

        public ChatReset? Reset { get; init; }

        /// <summary>Where the cursor stands once this is taken.</summary>
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

    /// <summary>Whether the word that the log begins anew waits to be taken: the stored cursor is of the log before.</summary>
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

    /// <returns>Whether the place was added to what lies before it; otherwise nothing does, and the cursor can move at once.</returns>
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

    /// <summary>The first item, which stays until it is finished.</summary>
    /// <returns>Null when it is empty and nothing more will come.</returns>
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
