using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Faults.Workload;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Links that lose, delay and break, between services and stores and between clients and servers.</summary>
internal static class LinkFaults
{
    private const int CrowdSize = 2000;

    // Longer than a minute, even if the pause is shortened.
    private const double LongSilence = 76;

    private const string Orphans =
        "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND clock_timestamp() - state_change > interval '15 s'";

    private static readonly TimeSpan s_resumed = TimeSpan.FromSeconds(10);
    private static readonly Toxics[] s_partitions = [new() { BlackHole = true }, new() { Paused = true }];

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F15", "an API server and Redis do not hear each other", "one direction of the link swallows or holds everything for 4 s",
            "ambiguous appends: 1013, sent again; nothing twice",
            (context, window) => PartitionAsync(context, context.Cluster.Apis, s => s.ToRedis, window))
        {
            Holds = Parts.ApiRedisLinks,
            RevocationSeen = Fault.RevocationAsked,
        },
        new("F16", "a worker and Redis do not hear each other", "one direction of the link swallows or holds everything for 4 s",
            "committed, routed later", (context, window) => PartitionAsync(context, context.Cluster.Workers, s => s.ToRedis, window))
        {
            Holds = Parts.WorkerRedisLinks,
        },
        new("F24", "clients have bad links", "latency 300 ms ± 200, single bytes, 8 kB/s, one after the other", "slow, whole and in order",
            SlowAsync)
        {
            Holds = Parts.ClientLinks,
        },
        new("F27", "2,000 clients reconnect at once", "RST of all client connections, again when all are back",
            "99 of 100 resumed within 10 s; no collapse", StormOfManyAsync)
        {
            Holds = Parts.ClientLinks,
            Mixes = false,
            AtLeast = TimeSpan.FromSeconds(30),
        },
        new("F27S", "everybody reconnects at once", "RST of all client connections every 5 s", "resumed within 10 s", StormAsync)
        {
            Holds = Parts.ClientLinks,
        },
        new("F36", "a worker and PostgreSQL fall silent within a batch",
            "one or both directions swallow everything, from each step of a batch on in turn; over a minute the first time, then 3 s",
            "its locks end; what may be committed is read again", SilenceBatchesAsync)
        {
            Holds = Parts.WorkerPostgresLinks,
            AtLeast = TimeSpan.FromSeconds(135),
        },
        new("F37", "an API server and PostgreSQL fall silent", "one or both directions of the link swallow everything for over a minute",
            "what waits gives up within 10 s; everything is caught up with afterwards",
            (context, window) => SilenceAsync(context, [context.Cluster.Apis], s => s.ToPostgres, window))
        {
            Holds = Parts.ApiPostgresLinks,
            AtLeast = TimeSpan.FromSeconds(95),
        },
        new("F38", "a service and Redis fall silent",
            "one or both directions of an API server's link swallow everything for over a minute, then a worker's",
            "ambiguous appends: 1013, sent again; its partitions go to the other worker",
            (context, window) => SilenceAsync(context, [context.Cluster.Apis, context.Cluster.Workers], s => s.ToRedis, window))
        {
            Holds = Parts.ApiRedisLinks | Parts.WorkerRedisLinks,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(190),
        },
    ];

    private static async Task PartitionAsync(
        FaultContext context, IReadOnlyList<Service> services, Func<Service, FaultProxy> linkOf, CancellationToken window)
    {
        while (true)
        {
            var link = linkOf(context.Pick(services));
            var toxics = context.Pick(s_partitions);
            (link.Up, link.Down) = context.Random.Next(2) == 0 ? (toxics, Toxics.None) : (Toxics.None, toxics);
            await context.PauseAsync(4, window);
            link.Heal();
            await context.PauseAsync(1, window);
        }
    }

    // Every connection goes silent when its next batch reaches the step, and with the first one the whole link.
    private static async Task SilenceBatchesAsync(FaultContext context, CancellationToken window)
    {
        var seconds = LongSilence;
        for (var step = BatchSteps.Locked; ; step++)
        {
            var link = context.Pick(context.Cluster.Workers).ToPostgres;
            var silence = BatchSteps.Silences[step % BatchSteps.Silences.Count];
            var before = link.Cuts;
            (link.Up, link.Down) = silence;
            while (link.Cuts == before)
                await Task.Delay(10, window);
            Silence(context, link, up: silence.Up.HoleAt is not null, down: silence.Down.HoleAt is not null);
            await context.PauseAsync(seconds, window);
            // Another fault may keep PostgreSQL from answering.
            if (context.IsAlone)
                context.Expect(
                    !await context.Cluster.Postgres.HoldsAsync(Orphans, window), "a transaction was idle for 15 s and held its locks");
            link.Heal();
            await context.PauseAsync(2, window);
            seconds = 3;
        }
    }

    private static async Task SilenceAsync(
        FaultContext context, IReadOnlyList<Service>[] kinds, Func<Service, FaultProxy> linkOf, CancellationToken window)
    {
        for (var i = 0; ; i++)
        {
            var link = linkOf(context.Pick(kinds[i % kinds.Length]));
            var up = context.Random.Next(2) == 0;
            Silence(context, link, up, down: !up);
            await context.PauseAsync(LongSilence, window);
            link.Heal();
            await context.PauseAsync(2, window);
        }
    }

    // In the given directions, and half of the time in the other one, too.
    private static void Silence(FaultContext context, FaultProxy link, bool up, bool down)
    {
        var both = context.Random.Next(2) == 0;
        var hole = new Toxics { BlackHole = true };
        (link.Up, link.Down) = (up || both ? hole : Toxics.None, down || both ? hole : Toxics.None);
    }

    private static async Task SlowAsync(FaultContext context, CancellationToken window)
    {
        Toxics[] bad =
        [
            new() { Latency = TimeSpan.FromMilliseconds(300), Jitter = TimeSpan.FromMilliseconds(200) },
            new() { SliceBytes = 1 },
            new() { BytesPerSecond = 8_000 },
        ];
        for (var i = 0; ; i++)
        {
            foreach (var api in context.Cluster.Apis)
                (api.FromClients.Up, api.FromClients.Down) = (bad[i % bad.Length], bad[i % bad.Length]);
            await context.PauseAsync(5, window);
        }
    }

    private static async Task StormAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            ResetAllClients(context);
            await context.PauseAsync(5, window);
        }
    }

    private static async Task StormOfManyAsync(FaultContext context, CancellationToken window)
    {
        await using var crowd = await Crowd.GatherAsync(CrowdSize, context.Traffic.AnyServer, window);
        while (true)
        {
            crowd.BeginRound();
            ResetAllClients(context);
            var late = await crowd.WaitUntilBackAsync(0.99, s_resumed, window);
            context.Expect(late == 0, $"{late} of {CrowdSize} clients had not resumed {s_resumed.TotalSeconds} s after all were reset");
            await context.PauseAsync(3, window);
        }
    }

    private static void ResetAllClients(FaultContext context)
    {
        foreach (var api in context.Cluster.Apis)
            api.FromClients.Reset();
    }
}
