using Chatable.Tests.Faults.Seeding;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>Settings that differ between clusters.</summary>
internal sealed record ClusterSettings
{
    /// <summary>The seeded bugs of its processes, separated by commas.</summary>
    public string Bug { get; init; } = "";

    /// <summary>More bugs, injected from outside.</summary>
    public Seams Seams { get; init; } = Seams.None;

    /// <summary>The size of Redis' data disk in megabytes; 0 for an ordinary one.</summary>
    public int RedisDisk { get; init; }

    /// <summary>The size of PostgreSQL's data disk in megabytes; 0 for an ordinary one.</summary>
    public int PostgresDisk { get; init; }

    /// <summary>Whether PostgreSQL has a standby that each commit waits for.</summary>
    public bool HasSynchronousStandby { get; init; }

    /// <summary>Whether PostgreSQL has a standby that no commit waits for.</summary>
    public bool HasAsynchronousStandby { get; init; }
}

/// <summary>Three API servers, two workers, PostgreSQL and Redis as separate processes, with a proxy on every link.</summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    /// <summary>Partitions of the intake.</summary>
    public const int Partitions = 16;

    private const int ApiServers = 3;
    private const int WorkerProcesses = 2;

    private FaultCluster(FaultPostgres postgres, FaultRedis redis, ClusterSettings settings)
    {
        (Postgres, Redis, HasSynchronousStandby) = (postgres, redis, settings.HasSynchronousStandby);
        (string, string)[] all =
        [
            ("TokenSecrets__Key", "a key of the tests' own, long enough"),
            ("Passwords__Iterations", "1000"),
            // Few sockets carry the load of many clients.
            ("Realtime__FramesPerSecond", "2000"),
            ("Realtime__FrameBurst", "2000"),
            ("Messages__RequestsPerSecond", "2000"),
            ("Messages__RequestBurst", "2000"),
            ("Logging__LogLevel__Default", "Warning"),
            ("Logging__LogLevel__Microsoft.Hosting.Lifetime", "Information"),
            // Partition assignments and repairs: counted at the end.
            ("Logging__LogLevel__Chatable.FanoutWorker.PartitionAssignment", "Information"),
            // Stores even the few messages of this workload in several transactions if more than one is waiting.
            ("Fanout__LeastTransactionSize", "1"),
            ("Fanout__SetBackCheck", "00:00:01"),
            ProcessHook.Variable,
            (SeededBug.Variable, settings.Bug),
        ];
        Apis = [.. Enumerable.Range(1, ApiServers).Select(i => new Service("Chatable.ApiService", $"api-{i}", postgres, redis, all))];
        Workers =
            [.. Enumerable.Range(1, WorkerProcesses)
                .Select(i => new Service("Chatable.FanoutWorker", $"worker-{i}", postgres, redis, all))];
        foreach (var service in Services)
        {
            service.IsWoven = settings.Bug.Length > 0;
            service.ToPostgres.Rewrite = settings.Seams.ToPostgres;
        }

        foreach (var api in Apis)
            api.ToRedis.Rewrite = settings.Seams.ApisToRedis;
        foreach (var worker in Workers)
            worker.ToRedis.Rewrite = settings.Seams.WorkersToRedis;
    }

    /// <inheritdoc cref="ClusterSettings.HasSynchronousStandby"/>
    public bool HasSynchronousStandby { get; }

    public FaultPostgres Postgres { get; }

    public FaultRedis Redis { get; }

    public IReadOnlyList<Service> Apis { get; }

    public IReadOnlyList<Service> Workers { get; }

    public IEnumerable<Service> Services => Apis.Concat(Workers);

    public IEnumerable<Node> Nodes =>
    [
        Postgres.Node, Redis.Node, .. Services.Select(service => service.Node),
        .. Postgres.Standby is { } standby ? (Node[])[standby.Node] : [],
    ];

    public static async Task<FaultCluster> StartAsync(ClusterSettings settings, CancellationToken cancellationToken)
    {
        var redis = FaultRedis.StartAsync(settings.RedisDisk, cancellationToken);
        var postgres = await FaultPostgres.StartAsync(settings.PostgresDisk, cancellationToken);
        var cluster = new FaultCluster(postgres, await redis, settings);
        try
        {
            if (settings.HasSynchronousStandby)
                await postgres.AddSynchronousStandbyAsync(cancellationToken);
            if (settings.HasAsynchronousStandby)
                await postgres.AddAsynchronousStandbyAsync(cancellationToken);
            await Task.WhenAll(cluster.Services.Select(service => service.Node.RestartAsync(cancellationToken)));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Restarts and thaws everything, and heals all links.</summary>
    public async Task HealAsync(CancellationToken cancellationToken)
    {
        foreach (var link in Services.SelectMany(service => service.Links))
            link.Heal();
        Postgres.Thaw();
        Postgres.Standby?.Thaw();
        foreach (var node in Nodes)
            node.Thaw();
        await Task.WhenAll(
            Redis.Node.RestartAsync(cancellationToken), Postgres.Node.RestartAsync(cancellationToken),
            Postgres.Standby?.Node.RestartAsync(cancellationToken) ?? Task.CompletedTask);
        await Task.WhenAll(Services.Select(service => service.Node.RestartAsync(cancellationToken)));
    }

    /// <summary>Entries in the longest partition of the intake; null if Redis does not answer.</summary>
    public async Task<long?> IntakeLengthAsync()
    {
        try
        {
            var lengths = await Task.WhenAll(
                Enumerable.Range(0, Partitions).Select(partition => Redis.Database.StreamLengthAsync($"in:{{{partition}}}")));
            return lengths.Max();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Saves what every process has printed.</summary>
    public async Task SaveOutputsAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        foreach (var node in Nodes)
            await File.WriteAllTextAsync(Path.Combine(folder, $"{node.Name}.log"), node.Output, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var link in Services.SelectMany(service => service.Links))
            link.Heal();
        await Task.WhenAll(Services.Select(service => service.DisposeAsync().AsTask()));
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
