using System.Net;
using Chatable.Tests.Api;
using Chatable.Tests.Fanout;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Outages;

/// <summary>The log of an API and a worker under load whose store becomes unavailable.</summary>
public sealed class OutageConsoleTests(PostgresServer postgres) : IAsyncLifetime
{
    // Log lines per process: the outage, and one for each consequence, such as a failed connection attempt.
    private const int Enough = 12;
    private const int Failures = 300;

    private readonly RedisServer _redis = new();
    private readonly List<ChatSocket> _sockets = [];
    private FaultProxy _toPostgres = null!;
    private FaultProxy _toRedis = null!;
    private ApiProcess _api = null!;
    private WorkerProcess _worker = null!;
    private ChatClient _client = null!;
    private ChatUser _bob = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _redis.InitializeAsync();
        var database = new NpgsqlConnectionStringBuilder(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        _toPostgres = FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, database.Port));
        _toRedis = FaultProxy.Start(IPEndPoint.Parse(_redis.ConnectionString));
        (database.Host, database.Port) = ("127.0.0.1", _toPostgres.Address.Port);
        _worker = WorkerProcess.Start("w", database.ConnectionString, _toRedis.Address.ToString(), "");
        _api = await ApiProcess.StartAsync(database.ConnectionString, _toRedis.Address.ToString(), Cancellation);
        _client = new ChatClient(_api.Address);
        _bob = await _client.RegisterAsync(Cancellation);
        for (var i = 0; i < 4; i++)
            _sockets.Add(await ChatSocket.ConnectAsync(_api.Address, _bob.Token, Cancellation));
        await Eventually.HoldsAsync(
            () => Task.FromResult(_worker.Output.Contains("more partitions", StringComparison.Ordinal)), "the worker reads", Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets)
            await socket.DisposeAsync();
        _client?.Dispose();
        _api?.Dispose();
        if (_worker is not null)
            await _worker.DisposeAsync();
        foreach (var proxy in (FaultProxy?[])[_toPostgres, _toRedis])
        {
            if (proxy is not null)
                await proxy.DisposeAsync();
        }

        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData("PostgreSQL", true)]
    [InlineData("Redis", true)]
    [InlineData("PostgreSQL", false)]
    [InlineData("Redis", false)]
    public async Task AStoreThatIsAwayIsAFewLinesAndTheCauseIsTheLastOfThem(string store, bool answersWithReset)
    {
        var proxy = store == "Redis" ? _toRedis : _toPostgres;
        var (before, workersBefore) = (LinesOf(_api.Output), LinesOf(_worker.Output));
        if (answersWithReset)
        {
            proxy.Refuses = true;
            proxy.Reset();
        }
        else
        {
            (proxy.Up, proxy.Down) = (new Toxics { BlackHole = true }, new Toxics { BlackHole = true });
        }

        // If nothing answers, a request takes as long as PostgreSQL's timeout.
        await (answersWithReset ? BeBusyAsync(Failures) : ProbeAsync(20));
        await Eventually.HoldsAsync(
            () => Task.FromResult(_api.Output.Contains($"{store} is not available: ", StringComparison.Ordinal)),
            "the API logs it", Cancellation, TimeSpan.FromSeconds(60));
        var (lines, workersLines) = (LinesOf(_api.Output)[before.Length..], LinesOf(_worker.Output)[workersBefore.Length..]);
        Assert.True(lines.Length <= Enough, string.Join('\n', lines));
        Assert.True(workersLines.Length <= Enough, string.Join('\n', workersLines));
        Assert.StartsWith($"      {store} is not available: ", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _api.Output + _worker.Output, StringComparison.Ordinal);

        proxy.Heal();
        await Eventually.HoldsAsync(
            () => Task.FromResult(_api.Output.Contains($"{store} is available again after ", StringComparison.Ordinal)),
            "the API logs that it is back", Cancellation, TimeSpan.FromSeconds(60));
        Assert.Equal(1, CountOf(_api.Output, $"{store} is available again"));
        Assert.InRange(CountOf(_worker.Output, $"{store} is not available"), store == "Redis" ? 1 : 0, 1);
    }

    // Sends requests, frames and probes until this many have failed.
    private async Task BeBusyAsync(int failures)
    {
        var failed = 0;
        await Parallel.ForAsync(0, 8, Cancellation, async (lane, cancellationToken) =>
        {
            for (var i = 0; Volatile.Read(ref failed) < failures; i++)
            {
                if (lane < _sockets.Count && i < 20)
                    await TrySendAsync(_sockets[lane]);
                using var probe = await _client.Http.GetAsync("/health", cancellationToken);
                var answer = await _client.GetAsync("/api/inbox", _bob.Token, cancellationToken);
                if (probe.StatusCode != HttpStatusCode.OK || answer.Status == 503)
                    Interlocked.Increment(ref failed);
            }
        });
    }

    private async Task ProbeAsync(int failures)
    {
        var failed = 0;
        await Parallel.ForAsync(0, 8, Cancellation, async (_, cancellationToken) =>
        {
            while (Volatile.Read(ref failed) < failures)
            {
                using var probe = await _client.Http.GetAsync("/health", cancellationToken);
                if (probe.StatusCode != HttpStatusCode.OK)
                    Interlocked.Increment(ref failed);
            }
        });
    }

    private async Task TrySendAsync(ChatSocket socket)
    {
        try
        {
            await socket.SendAsync(_bob, "hello", Cancellation);
        }
        catch (Exception exception) when (exception is System.Net.WebSockets.WebSocketException or InvalidOperationException or IOException)
        {
            // The server may have closed it because a message's outcome is unknown.
        }
    }

    private static int CountOf(string output, string text) => output.Split(text).Length - 1;

    private static string[] LinesOf(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
