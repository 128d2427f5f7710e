using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>
/// What a cluster uses after a calm period, with only a quiet crowd connected. It must be the same again after any number of faults, no
/// matter which processes were replaced.
/// </summary>
internal sealed class Baseline
{
    // A vanished client is noticed within 45 s; an idle transaction ends within 10 s.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Usage> _usages;
    private readonly StoreState _stores;

    /// <summary>The measured values and their limits.</summary>
    public IReadOnlyList<Measure> Measures => Compare(_usages, _stores);

    private Baseline(Dictionary<string, Usage> usages, StoreState stores) => (_usages, _stores) = (usages, stores);

    /// <summary>Waits until only the crowd is registered.</summary>
    public static async Task<Baseline> TakeAsync(FaultCluster cluster, WritingCrowd crowd, CancellationToken cancellationToken)
    {
        var registrations = crowd.Sockets.DistinctBy(socket => (socket.User, socket.Home)).Count();
        var until = Environment.TickCount64 + s_patience.TotalMilliseconds;
        var stores = await StoreState.OfAsync(cluster, cancellationToken);
        while (stores.Registrations > registrations && Environment.TickCount64 < until)
        {
            await Task.Delay(s_look, cancellationToken);
            stores = await StoreState.OfAsync(cluster, cancellationToken);
        }

        return new Baseline(await UsagesAsync(cluster, cancellationToken), stores with { Registrations = registrations });
    }

    /// <summary>Waits until everything is back to the baseline, or until the time is up.</summary>
    public async Task<IReadOnlyList<Measure>> CompareAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        IReadOnlyList<Measure> measures = [];
        for (var until = Environment.TickCount64 + s_patience.TotalMilliseconds; ; await Task.Delay(s_look, cancellationToken))
        {
            try
            {
                measures = await MeasureAsync(cluster, cancellationToken);
                if (measures.All(one => one.Value <= one.Limit) || Environment.TickCount64 > until)
                    return measures;
            }
            catch (Exception failure) when (failure is RedisException or NpgsqlException or TimeoutException
                && Environment.TickCount64 < until)
            {
                // The store has just restarted.
            }
        }
    }

    private async Task<IReadOnlyList<Measure>> MeasureAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        var stores = await StoreState.OfAsync(cluster, cancellationToken);
        return Compare(await UsagesAsync(cluster, cancellationToken), stores);
    }

    private IReadOnlyList<Measure> Compare(Dictionary<string, Usage> usages, StoreState stores) =>
    [
        .. usages.SelectMany(one => Bounds.Compare(one.Key, _usages[one.Key], one.Value)),
        new Measure("transactions that do nothing", stores.IdleTransactions, _stores.IdleTransactions),
        new Measure("sessions of PostgreSQL", stores.Sessions, Bounds.FilesLimit(_stores.Sessions)),
        new Measure("dead letters that no fault has made", stores.DeadLetters, _stores.DeadLetters),
        new Measure("registrations in Redis", stores.Registrations, _stores.Registrations),
        new Measure("connections of Redis", stores.RedisClients, Bounds.FilesLimit(_stores.RedisClients)),
        new Measure("bytes of Redis", stores.RedisBytes, Bounds.MemoryLimit(_stores.RedisBytes)),
    ];

    private static async Task<Dictionary<string, Usage>> UsagesAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        Dictionary<string, Usage> all = [];
        foreach (var node in cluster.Services.Select(service => service.Node))
        {
            if (await Usage.OfAsync(node, cancellationToken) is { } usage)
                all[node.Name] = usage;
        }

        return all;
    }
}
