namespace Chatable.Client.Session;

/// <summary>How far this device has read its user's log, and which places hold its own messages.</summary>
internal sealed class SessionLog(ChatCursor? cursor, IEnumerable<long> settledAhead)
{
    private readonly HashSet<long> _settled = [.. settledAhead];

    public ChatCursor? Cursor { get; private set; } = cursor;

    /// <summary>How many places after the cursor hold messages of this device that are through.</summary>
    public int SettledAhead => _settled.Count;

    public enum Place
    {
        /// <summary>Read before.</summary>
        Old,

        Next,

        /// <summary>Something before it is missing: a fault.</summary>
        TooFar,
    }

    public void Begin(ChatCursor at)
    {
        Cursor = at;
        _settled.Clear();
    }

    /// <summary>In another epoch, which has the same log up to that place.</summary>
    /// <returns>False where the cursor is beyond it.</returns>
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

    /// <summary>Moves on by one.</summary>
    /// <returns>Whether the place holds a message that this device knows to be through.</returns>
    public bool Read(long seq)
    {
        Cursor = Cursor!.Value with { Seq = seq };
        return _settled.Remove(seq);
    }

    /// <summary>Whether the place holds a message that this device knows to be through: nothing to take.</summary>
    public bool IsSettled(long seq) => _settled.Contains(seq);

    /// <summary>A message of this device is through, and will come at this place or has come.</summary>
    public void Settled(long seq)
    {
        if (PlaceOf(seq) != Place.Old)
            _settled.Add(seq);
    }
}
