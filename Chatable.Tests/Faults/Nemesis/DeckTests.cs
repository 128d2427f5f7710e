namespace Chatable.Tests.Faults.Nemesis;

public sealed class DeckTests
{
    // From the real table.
    private static readonly IReadOnlyList<Fault> s_mixed = RandomMix.Mixed(FaultTable.All);

    public static TheoryData<int> Seeds => new(Enumerable.Range(1, 50));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AHandIsTwoOrThreeThatTakeNothingFromEachOther(int seed)
    {
        var deck = new Deck(s_mixed, seed);
        for (var i = 0; i < 100; i++)
        {
            var hand = deck.Deal();
            Assert.InRange(hand.Count, 2, 3);
            for (var one = 0; one < hand.Count; one++)
                Assert.All(hand.Skip(one + 1), other => Assert.Equal(Parts.None, hand[one].Holds & other.Holds));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void EachHandBeginsWithOneThatHasComeLeast(int seed)
    {
        var deck = new Deck(s_mixed, seed);
        var dealt = s_mixed.ToDictionary(fault => fault.Name, _ => 0);
        for (var i = 0; i < 100; i++)
        {
            var hand = deck.Deal();
            Assert.Equal(dealt.Values.Min(), dealt[hand[0].Name]);
            foreach (var fault in hand)
                dealt[fault.Name]++;
        }
    }

    [Fact]
    public void ASeedDealsTheSameAgain()
    {
        var (one, other) = (new Deck(s_mixed, 7), new Deck(s_mixed, 7));
        for (var i = 0; i < 50; i++)
            Assert.Equal(one.Deal().Select(fault => fault.Name), other.Deal().Select(fault => fault.Name));
    }

    [Fact]
    public void WhereNoneGoesWithAnotherAHandIsOne()
    {
        Fault[] rivals = [Taking("F1", Parts.Redis), Taking("F2", Parts.Redis)];
        var deck = new Deck(rivals, seed: 1);
        Assert.Equal(["F1", "F2"], deck.Deal().Concat(deck.Deal()).Select(fault => fault.Name).Order());
    }

    [Fact]
    public void EveryFaultTakesSomething() => Assert.DoesNotContain(FaultTable.All, fault => fault.Holds == Parts.None);

    [Fact]
    public void OnlyThoseStayOutThatNeedAClusterOrACrowdOfTheirOwnOrLoseWhatWasAcked() => Assert.Equal(
        FaultTable.All.Where(fault => fault.Cluster != Calm.Fault.Cluster || fault.Name is "F27" or "F41").Select(fault => fault.Name),
        FaultTable.All.Except(s_mixed).Select(fault => fault.Name));

    private static Fault Taking(string name, Parts holds) => Calm.Fault with { Name = name, Holds = holds };
}
