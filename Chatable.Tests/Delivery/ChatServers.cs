using System.Diagnostics;
using Chatable.Tests.Api;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Delivery;

/// <summary>Two API servers and a worker as processes, with their own database and Redis, for the tests of a class.</summary>
public class ChatServers(PostgresServer postgres) : IAsyncLifetime
{
    private readonly RedisServer _redis = new();
    private readonly List<IDisposable> _processes = [];

    private string _connectionString = "";
    private readonly SemaphoreSlim _pause = new(1, 1);
    private ServerProcess? _worker;

    public Uri A { get; private set; } = null!;

    public Uri B { get; private set; } = null!;

    /// <summary>A client for server A's REST API.</summary>
    public ChatClient Client { get; private set; } = null!;

    public IConnectionMultiplexer Redis { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public string ConnectionString => _connectionString;

    /// <summary>Settings of the API servers that override the defaults.</summary>
    protected virtual (string Key, string Value)[] Settings => [];

    public virtual async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _connectionString = await postgres.CreateMigratedDatabaseAsync(cancellationToken);
        Database = NpgsqlDataSource.Create(_connectionString);
        await _redis.InitializeAsync();
        Redis = await ConnectionMultiplexer.ConnectAsync($"{_redis.ConnectionString},allowAdmin=true,abortConnect=false");
        _worker = await StartWorkerAsync(cancellationToken);
        _processes.Add(_worker);
        A = (await StartApiAsync(cancellationToken)).Address;
        B = (await StartApiAsync(cancellationToken)).Address;
        Client = new ChatClient(A);
    }

    /// <summary>Starts another API server.</summary>
    internal async Task<ApiProcess> StartApiAsync(CancellationToken cancellationToken)
    {
        var api = await ApiProcess.StartAsync(_connectionString, _redis.ConnectionString, cancellationToken, Settings);
        _processes.Add(api);
        return api;
    }

    public async Task StopRedisAsync() => await _redis.DisposeAsync();

    /// <summary>Registers a user and connects it to a server.</summary>
    public async Task<(ChatUser User, ChatSocket Socket)> JoinAsync(Uri server, CancellationToken cancellationToken)
    {
        var user = await Client.RegisterAsync(cancellationToken);
        return (user, await ChatSocket.ConnectAsync(server, user.Token, cancellationToken));
    }

    /// <summary>Registers a user and connects it to a server with protocol v2, without a backlog.</summary>
    public async Task<(ChatUser User, V2Socket Socket)> JoinV2Async(Uri server, CancellationToken cancellationToken)
    {
        var user = await Client.RegisterAsync(cancellationToken);
        return (user, await V2Socket.JoinAsync(server, user.Token, cancellationToken));
    }

    /// <summary>
    /// Stops the worker (SIGSTOP) until the result is disposed, for one test at a time. Messages sent meanwhile stay in the intake.
    /// </summary>
    public async Task<IDisposable> PauseWorkerAsync(CancellationToken cancellationToken)
    {
        await _pause.WaitAsync(cancellationToken);
        var pause = new WorkerPause(this);
        try
        {
            Signals.Send(_worker!.Id, Signals.Stop);
            await Eventually.HoldsAsync(
                () => Task.FromResult(Signals.HasStopped(_worker.Id)), "the whole worker has stopped", cancellationToken);
            // Otherwise a lane waiting in Redis would still receive its batch.
            await Eventually.HoldsAsync(
                async () => !await RedisClients.IsAnyWaitingAsync(Redis.GetDatabase(), "lane-"), "no lane of the worker waits in Redis",
                cancellationToken);
            return pause;
        }
        catch
        {
            pause.Dispose();
            throw;
        }
    }

    private sealed class WorkerPause(ChatServers servers) : IDisposable
    {
        public void Dispose()
        {
            Signals.Send(servers._worker!.Id, Signals.Continue);
            servers._pause.Release();
        }
    }

    /// <summary>Two users on different servers write to each other: this must still work after another client's fault.</summary>
    public async Task AssertStillDeliversAsync(CancellationToken cancellationToken)
    {
        var (bob, bobs) = await JoinAsync(A, cancellationToken);
        var (alice, alices) = await JoinAsync(B, cancellationToken);
        await using (bobs)
        await using (alices)
        {
            await bobs.SendAsync(alice, "still there?", cancellationToken);
            Assert.Equal("still there?", (await alices.ReceiveAsync(cancellationToken)).Text("message"));
            await alices.SendAsync(bob, "yes", cancellationToken);
            Assert.Equal("yes", (await bobs.ReceiveAsync(cancellationToken)).Text("message"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        foreach (var process in _processes)
            process.Dispose();
        if (Redis is not null)
            await Redis.DisposeAsync();
        if (Database is not null)
            await Database.DisposeAsync();
        await _redis.DisposeAsync();
        _pause.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<ServerProcess> StartWorkerAsync(CancellationToken cancellationToken)
    {
        ProcessStartInfo start = ApiProcess.StartInfo(
            ("ConnectionStrings__chatdb", _connectionString), ("ConnectionStrings__redis", _redis.ConnectionString));
        for (var i = 0; i < start.ArgumentList.Count; i++)
            start.ArgumentList[i] = start.ArgumentList[i].Replace("Chatable.ApiService", "Chatable.FanoutWorker", StringComparison.Ordinal);
        start.WorkingDirectory = start.WorkingDirectory.Replace("Chatable.ApiService", "Chatable.FanoutWorker", StringComparison.Ordinal);
        return await ServerProcess.StartAsync(start, "Application started", ServerProcess.Terminate, cancellationToken);
    }
}
