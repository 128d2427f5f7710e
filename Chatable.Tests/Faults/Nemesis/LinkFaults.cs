using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Faults.Workload;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Links that lose, hold back and break, between services and stores and between clients and servers.</summary>
internal static class LinkFaults
{
    private const int CrowdSize = 2000;
    private static readonly TimeSpan s_resumed = TimeSpan.FromSeconds(10);
    private static readonly Toxics[] s_partitions = [new() { BlackHole = true }, new() { Paused = true }];

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F15", "an API server and Redis do not hear each other", "one direction of the link swallows or holds everything for 4 s",
            "ambiguous appends: 1013, sent again; nothing twice",
            (context, window) => PartitionAsync(context, context.Cluster.Apis, s => s.ToRedis, window))
        {
            RevocationSeen = Fault.RevocationAsked,
        },
        new("F16", "a worker and Redis do not hear each other", "one direction of the link swallows or holds everything for 4 s",
            "committed, routed later", (context, window) => PartitionAsync(context, context.Cluster.Workers, s => s.ToRedis, window)),
        new("F24", "clients have bad links", "latency 300 ms ± 200, single bytes, 8 kB/s, one after the other", "slow, whole and in order",
            SlowAsync),
        new("F27", "2,000 clients reconnect at once", "RST of all client connections, again when all are back",
            "99 of 100 resumed within 10 s; no collapse", StormOfManyAsync)
        {
            Mixes = false,
            AtLeast = TimeSpan.FromSeconds(30),
        },
        new("F27S", "everybody reconnects at once", "RST of all client connections every 5 s", "resumed within 10 s", StormAsync),
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
