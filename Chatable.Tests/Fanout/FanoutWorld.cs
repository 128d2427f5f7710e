using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Fanout;

/// <summary>A database and a Redis key prefix, with the API server's side of both, for workers that run as processes.</summary>
internal sealed class FanoutWorld : IAsyncDisposable
{
    private readonly List<WorkerProcess> _workers = [];
    private readonly string _redisServer;

    private FanoutWorld(MessagesDatabase database, IntakeRedis redis, string redisServer)
    {
        (Database, Redis, _redisServer) = (database, redis, redisServer);
        Log = new IntakeLog(redis.Connection, Options.Create(new IntakeOptions { KeyPrefix = redis.Prefix }));
        Queue = new ServerQueue(redis.Connection, Options.Create(new ServerQueueOptions { KeyPrefix = redis.Prefix }));
        Registry = new ServerRegistry(
            redis.Connection,
            Options.Create(new RegistryOptions { KeyPrefix = redis.Prefix, ServerLifetime = TimeSpan.FromMinutes(10) }),
            TimeProvider.System);
    }

    public MessagesDatabase Database { get; }
    public IntakeRedis Redis { get; }
    public IntakeLog Log { get; }
    public ServerQueue Queue { get; }
    public ServerRegistry Registry { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<FanoutWorld> CreateAsync(PostgresServer postgres, RedisServer redis) =>
        new(await MessagesDatabase.CreateAsync(postgres), await IntakeRedis.ConnectAsync(redis.ConnectionString), redis.ConnectionString);

    public WorkerProcess StartWorker(string name, params (string Name, string Value)[] settings)
    {
        var worker = WorkerProcess.Start(name, Database.ConnectionString, _redisServer, Redis.Prefix, settings);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Runs a dead-letter command of the worker, such as <c>list --json</c>.</summary>
    public Task<ProcessRun> DlqAsync(string command) => DlqProcess.RunAsync(_redisServer, Redis.Prefix, command, Token);

    public async Task<Guid> AddServerAsync(params UserRow[] users)
    {
        var bootId = Guid.NewGuid();
        await Registry.HeartbeatAsync(bootId, Token);
        await Registry.AddUsersAsync(bootId, [.. users.Select(user => user.Id)], Token);
        return bootId;
    }

    /// <summary>Appends each entry to the partition of its conversation.</summary>
    public async Task SendAsync(params IntakeEntry[] entries)
    {
        foreach (var entry in entries)
            Assert.Equal(AcceptOutcome.Accepted, await Log.AppendAsync(PartitionOf(entry), [entry.Encode()], Token));
    }

    public int PartitionOf(IntakeEntry entry) => Partitioning.PartitionOf(entry.AuthorId, entry.RecipientId, Log.Partitions);

    /// <summary>All items in a server's queue, once there are at least this many.</summary>
    public async Task<IReadOnlyList<IDispatch>> ReceiveAsync(Guid bootId, int count)
    {
        var reader = new ServerQueueReader(
            () => Redis.Connection, Options.Create(new ServerQueueOptions { KeyPrefix = Redis.Prefix }));
        IReadOnlyList<IDispatch> items = [];
        await WaitForAsync(async () =>
        {
            var batches = await reader.ReadAsync(bootId, ServerQueueReader.Start, count: 10_000, TimeSpan.Zero, Token);
            items = [.. batches.SelectMany(
                batch => DispatchItems.TryRead(batch.Batch, out var decoded) ? decoded : throw new FormatException())];
            return items.Count >= count;
        });
        return items;
    }

    /// <summary>The number of partitions per holder. A holder is the part of a worker's name before the slash.</summary>
    public async Task<Dictionary<string, int>> LeasesAsync()
    {
        var values = await Task.WhenAll(
            Enumerable.Range(0, Log.Partitions).Select(p => Redis.Database.StringGetAsync($"{Redis.Prefix}lease:{{{p}}}")));
        return values.Where(value => value.HasValue).GroupBy(value => value.ToString().Split('/')[0])
            .ToDictionary(group => group.Key, group => group.Count());
    }

    public async Task<StreamEntry[]> DeadLettersAsync(int partition) =>
        await Redis.Database.StreamRangeAsync($"{Redis.Prefix}dlq:{{{partition}}}");

    public async Task<long> IntakeLengthAsync() =>
        (await Task.WhenAll(
            Enumerable.Range(0, Log.Partitions).Select(p => Redis.Database.StreamLengthAsync($"{Redis.Prefix}in:{{{p}}}")))).Sum();

    public Task WaitForAsync(Func<Task<bool>> condition) => WaitForAsync(condition, TimeSpan.FromSeconds(60));

    public async Task WaitForAsync(Func<Task<bool>> condition, TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"Timed out after {atMost}.\n{string.Join("\n\n", _workers.Select(worker => worker.Output))}");
            await Task.Delay(20, Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        await Redis.DisposeAsync();
        await Database.DisposeAsync();
    }
}
