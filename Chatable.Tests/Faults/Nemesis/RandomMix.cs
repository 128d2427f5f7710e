namespace Chatable.Tests.Faults.Nemesis;

/// <summary>F35: one to three of the others at once, again and again, as the seed says.</summary>
internal static class RandomMix
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(15);

    /// <summary>A mix of those that need no cluster of a kind of their own.</summary>
    public static Fault Of(IReadOnlyList<Fault> faults)
    {
        var ordinary = faults.Where(fault => fault.Mixes && fault.Cluster == new Cluster.ClusterSettings()).ToArray();
        return new Fault(
            "F35", "anything at any time", "one to three of the others at once, 15 s each round, by the seed", "all invariants",
            (context, window) => MixAsync(ordinary, context, window))
        {
            RevocationSeen = Fault.RevocationAsked,
            Heal = HealAsync,
        };
    }

    private static async Task MixAsync(Fault[] faults, FaultContext context, CancellationToken window)
    {
        while (true)
        {
            var chosen = context.Random.GetItems(faults, context.Random.Next(1, 4)).Distinct().ToArray();
            context.Underway = chosen;
            using var round = CancellationTokenSource.CreateLinkedTokenSource(window);
            round.CancelAfter(s_round);
            await Task.WhenAll(chosen.Select(fault => fault.Inject(context, round.Token)))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await context.Cluster.HealAsync(window);
            await HealAsync(context, window);
            await context.PauseAsync(5, window);
        }
    }

    private static async Task HealAsync(FaultContext context, CancellationToken cancellationToken)
    {
        foreach (var fault in context.Underway)
            await fault.Heal(context, cancellationToken);
        context.Underway = [];
    }
}
