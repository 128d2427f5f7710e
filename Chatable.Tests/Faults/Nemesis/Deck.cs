namespace Chatable.Tests.Faults.Nemesis;

/// <summary>
/// Deals two or three faults that can happen at once, determined by a seed. It deals all of them before it repeats one, except that the
/// last ones of a pass, if they exclude each other, are dealt with faults of the next pass.
/// </summary>
internal sealed class Deck(IReadOnlyList<Fault> faults, int seed)
{
    private readonly Random _random = new(seed);

    // The rest of a pass, followed by the next pass.
    private readonly List<Fault> _left = [];

    private readonly List<IReadOnlyList<Fault>> _dealt = [];

    /// <summary>All hands so far.</summary>
    public IReadOnlyList<IReadOnlyList<Fault>> Dealt => _dealt;

    public IReadOnlyList<Fault> Deal()
    {
        List<Fault> hand = [];
        var size = _random.Next(2, 4);
        while (hand.Count < size && Take(hand) is { } next)
            hand.Add(next);
        _dealt.Add(hand);
        return hand;
    }

    // Null if no fault is compatible with the hand.
    private Fault? Take(List<Fault> hand)
    {
        var place = Find(hand);
        if (place < 0)
        {
            Fault[] pass = [.. faults];
            _random.Shuffle(pass);
            _left.AddRange(pass);
            place = Find(hand);
        }

        if (place < 0)
            return null;
        var found = _left[place];
        _left.RemoveAt(place);
        return found;
    }

    private int Find(List<Fault> hand) => _left.FindIndex(fault => hand.TrueForAll(fault.GoesWith));
}
