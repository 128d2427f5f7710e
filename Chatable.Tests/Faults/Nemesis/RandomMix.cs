using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>F35: two or three of the others at once, again and again, as a <see cref="Deck"/> deals them.</summary>
internal static class RandomMix
{
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(80);

    /// <summary>
    /// The faults of the mix. F13 and F21 are left out because each needs a small disk to fill up, and so are those with a standby, because
    /// a promotion changes the cluster for all later ones. F27 is F27S with its own crowd, and the mix has one anyway.
    /// </summary>
    public static IReadOnlyList<Fault> Mixed(IReadOnlyList<Fault> faults) =>
        [.. faults.Where(fault => fault.Mixes && fault.Cluster == new ClusterSettings())];

    public static Fault Of(IReadOnlyList<Fault> faults) => new(
        "F35", "anything at any time",
        "two or three of the others at once that take nothing from each other, all in turn as the seed deals them, each for as long as it "
        + "needs, but from 15 to 80 s; beside them 200 users on 2,000 sockets",
        "all invariants; afterwards all is as before",
        (context, window) => MixAsync(new Deck(Mixed(faults), context.Random.Next()), s_most, context, window))
    {
        Holds = Parts.ApiServers | Parts.Workers | Parts.Redis | Parts.Postgres,
        RevocationSeen = Fault.RevocationAsked,
        // All the crowd's sockets return at once, with their backlogs, to servers that share two processors with the crowd and the stores.
        Delivered = TimeSpan.FromSeconds(30),
        Heal = HealAsync,
    };

    /// <summary>Continues with a deck that has been dealt from.</summary>
    /// <param name="deck">Chooses the faults.</param>
    /// <param name="most">The longest round, even for a fault that needs longer.</param>
    public static Injection From(Deck deck, TimeSpan most) =>
        (context, window) => MixAsync(deck, most < s_most ? most : s_most, context, window);

    private static async Task MixAsync(Deck deck, TimeSpan most, FaultContext context, CancellationToken window)
    {
        while (true)
        {
            var hand = deck.Deal();
            var length = LengthOf(hand, most);
            context.Underway = hand;
            context.Progress($"{string.Join(" + ", hand.Select(fault => fault.Name))} for {length.TotalSeconds:0} s");
            using var round = CancellationTokenSource.CreateLinkedTokenSource(window);
            round.CancelAfter(length);
            await Task.WhenAll(hand.Select(fault => InjectAsync(fault, context, round.Token)));
            await context.Cluster.HealAsync(window);
            await HealAsync(context, window);
            await context.PauseAsync(5, window);
        }
    }

    // A fault that fails because a store does not answer, given the others, starts again.
    private static async Task InjectAsync(Fault fault, FaultContext context, CancellationToken round)
    {
        while (!round.IsCancellationRequested)
        {
            try
            {
                await fault.Inject(context, round);
            }
            catch (Exception failure)
            {
                if (!round.IsCancellationRequested)
                    context.Progress($"{fault.Name} begins anew after {failure.GetType().Name}");
            }

            await Task.Delay(s_again, round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan LengthOf(IReadOnlyList<Fault> hand, TimeSpan most)
    {
        var needed = hand.Max(fault => fault.AtLeast);
        var length = needed < most ? needed : most;
        return length > s_least ? length : s_least;
    }

    private static async Task HealAsync(FaultContext context, CancellationToken cancellationToken)
    {
        foreach (var fault in context.Underway)
            await fault.Heal(context, cancellationToken);
        context.Underway = [];
    }
}
