namespace Chatable.Client.Session;

/// <summary>How far this device has read its user's log, and which later seqs are its own acknowledged messages.</summary>
internal sealed class SessionLog(ChatCursor? cursor, IEnumerable<long> settledAhead)
{
    private readonly HashSet<long> _settled = [.. settledAhead];

    public ChatCursor? Cursor { get; private set; } = cursor;

    /// <summary>The number of seqs after the cursor that are acknowledged messages of this device.</summary>
    public int SettledAhead => _settled.Count;

    public enum Place
    {
        /// <summary>Already read.</summary>
        Old,

        Next,

        /// <summary>Something before it is missing, which is an error.</summary>
        TooFar,
    }

    public void Begin(ChatCursor at)
    {
        Cursor = at;
        _settled.Clear();
    }

    /// <summary>Continues in another epoch, which shares the log up to the given seq.</summary>
    /// <returns>False if the cursor is beyond that seq.</returns>
    public bool GoOn(ChatCursor shared)
    {
        if (!(Cursor?.Seq <= shared.Seq))
            return false;

        Cursor = Cursor!.Value with { Epoch = shared.Epoch };
        _settled.RemoveWhere(seq => seq > shared.Seq);
        return true;
    }

    public Place PlaceOf(long seq) => (seq - (Cursor?.Seq ?? seq)) switch
    {
        <= 0 => Place.Old,
        1 => Place.Next,
        _ => Place.TooFar,
    };

    /// <summary>Advances by one.</summary>
    /// <returns>Whether the seq is an acknowledged message of this device.</returns>
    public bool Read(long seq)
    {
        Cursor = Cursor!.Value with { Seq = seq };
        return _settled.Remove(seq);
    }

    /// <summary>Whether the seq is an acknowledged message of this device, which the application need not see.</summary>
    public bool IsSettled(long seq) => _settled.Contains(seq);

    /// <summary>Records that a message of this device is stored at this seq, which may be before or after the cursor.</summary>
    public void Settled(long seq)
    {
        if (PlaceOf(seq) != Place.Old)
            _settled.Add(seq);
    }
}
