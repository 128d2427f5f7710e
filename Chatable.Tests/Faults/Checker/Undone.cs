using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>
/// What a failover or a restore has undone: messages that the dead server had, and that its replacement lacks or has at another position.
/// Earlier events of these messages do not count: their acks, and that a device showed them, up to where it was told to start over. For
/// everything else, and for whatever comes later, all invariants hold.
/// </summary>
internal sealed class Undone
{
    // A client may get an answer of the dead server this much later.
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(20);

    private readonly Dictionary<MessageName, StoredMessage> _past;
    private readonly Dictionary<MessageName, StoredMessage> _now = [];
    private readonly Dictionary<string, MessageName> _byHash;
    private readonly Dictionary<string, long> _startedOver = [];
    private readonly Dictionary<MessageName, long> _voidUntil = [];
    private readonly Dictionary<(string, string), long> _shownLast = [];
    private readonly HashSet<MessageName> _sentAnew = [];
    private readonly HashSet<MessageName> _ackedAnew = [];
    private readonly HashSet<(long, long)> _places;
    private readonly long _healed;
    private readonly bool _acksSurvive;
    private readonly Dictionary<(long, long), string> _hashesNow;

    public Undone(Evidence evidence)
    {
        var kept = evidence.Messages.Select(one => (one.Id, one.Conv, one.ConvSeq, one.CreatedAt)).ToHashSet();
        _past = evidence.Past.Where(one => !kept.Contains((one.Id, one.Conv, one.ConvSeq, one.CreatedAt))).ToDictionary(NameOf);
        _byHash = _past.Values.ToDictionary(one => one.Hash, NameOf);
        _places = [.. _past.Values.Select(one => (one.Conv, one.ConvSeq))];
        _hashesNow = evidence.Messages.DistinctBy(one => (one.Conv, one.ConvSeq)).ToDictionary(one => (one.Conv, one.ConvSeq), one => one.Hash);
        foreach (var one in evidence.Messages.Where(one => _past.ContainsKey(NameOf(one))))
            _now[NameOf(one)] = one;
        At = evidence.Events.FirstOrDefault(one => one.Op == Op.Lose)?.T ?? 0;
        _acksSurvive = evidence.AcksSurvive;
        _healed = evidence.Events.LastOrDefault(one => one.Op == Op.Heal)?.T ?? 0;
        foreach (var one in evidence.Events)
            Note(one);
    }

    /// <summary>When the server died; 0 if none did.</summary>
    public long At { get; }

    public int Count => _past.Count;

    public bool Has(MessageName name) => _past.ContainsKey(name);

    /// <summary>Whether a device was later told to start over because of what was undone.</summary>
    public bool IsBeforeStartingOver(HistoryEvent one) => one.T < _startedOver.GetValueOrDefault(one.Proc);

    /// <summary>Whether an event does not count.</summary>
    public bool Forgets(HistoryEvent one) => one.Op switch
    {
        Op.Ack => IsVoid(one) && !StandsForNewPlace(NameOf(one)),
        Op.Send => one.ClientId is not null && _voidUntil.TryGetValue(NameOf(one), out var until) && IsVoidSend(NameOf(one), one.T, until),
        Op.Recv or Op.Take => IsOfThePast(one),
        Op.Surface => IsOfThePast(one) && !(_now.ContainsKey(_byHash[one.Hash!]) && _shownLast[(one.Proc, one.Hash!)] == one.T),
        Op.RestRead => one.Conv is { } conv && one.ConvSeq is { } seq && _places.Contains((conv, seq))
            && one.T < At + (long)s_late.TotalMicroseconds && one.Hash != _hashesNow.GetValueOrDefault((conv, seq)),
        _ => false,
    };

    /// <summary>
    /// The ack of a message that was stored again, from the intake or as a repeat after its ack: its author waits for no other ack, and
    /// there need not be one. It stands for the new position.
    /// </summary>
    public HistoryEvent InItsPlace(HistoryEvent ack) =>
        IsVoid(ack) && StandsForNewPlace(NameOf(ack)) && _now[NameOf(ack)] is var now
            ? ack with
            {
                T = _sentAnew.Contains(NameOf(ack)) ? Math.Max(ack.T, _healed) : ack.T,
                Id = now.Id,
                Conv = now.Conv,
                ConvSeq = now.ConvSeq,
                Seq = null,
            }
            : ack;

    private static MessageName NameOf(StoredMessage one) => new(one.From, one.ClientId);

    private static MessageName NameOf(HistoryEvent one) => new(one.User, one.ClientId!);

    private bool StandsForNewPlace(MessageName name) => _now.ContainsKey(name) && !_ackedAnew.Contains(name);

    // A message that is gone for good counts as never sent; one sent again after its ack counts as sent then.
    private bool IsVoidSend(MessageName name, long at, long until) =>
        !_now.ContainsKey(name) && !_ackedAnew.Contains(name) || at <= until && _sentAnew.Contains(name);

    // An ack of a position on the dead server, if its replacement has the message nowhere or at another position.
    private bool IsVoid(HistoryEvent one) =>
        !_acksSurvive && one is { Op: Op.Ack, ClientId: not null } && _past.TryGetValue(NameOf(one), out var past) && Names(one, past)
        && !(_now.TryGetValue(NameOf(one), out var now) && Names(one, now));

    private static bool Names(HistoryEvent ack, StoredMessage message) =>
        (ack.Id, ack.Conv, ack.ConvSeq) == (message.Id, message.Conv, message.ConvSeq);

    private bool IsOfThePast(HistoryEvent one) =>
        one.Hash is not null && _byHash.ContainsKey(one.Hash) && (one.T < At || IsBeforeStartingOver(one));

    private void Note(HistoryEvent one)
    {
        if (one.Op == Op.Reset && one.T > At && At > 0)
            _startedOver[one.Proc] = one.T;
        else if (one.Op == Op.Surface && one.Hash is { } hash && _byHash.ContainsKey(hash))
            _shownLast[(one.Proc, hash)] = one.T;
        else if (IsVoid(one))
            (_voidUntil[NameOf(one)], _) = (one.T, _sentAnew.Remove(NameOf(one)));
        else if (one is { Op: Op.Ack, ClientId: not null } && _past.ContainsKey(NameOf(one)))
            _ackedAnew.Add(NameOf(one));
        else if (one is { Op: Op.Send, Ev: Known.Invoke, ClientId: not null } && _voidUntil.ContainsKey(NameOf(one)))
            _sentAnew.Add(NameOf(one));
    }
}
