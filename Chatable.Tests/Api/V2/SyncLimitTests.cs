using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

/// <summary>A server that allows only one request to wait for a log.</summary>
public sealed class SyncLimitTests(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _prefix = $"{Guid.NewGuid():N}:";
    private string _database = "";
    private ApiProcess _api = null!;
    private ChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateMigratedDatabaseAsync(_ct);
        _api = await ApiProcess.StartAsync(
            _database, redis.ConnectionString, _ct, ("Sync__MaxPolls", "1"), ("Chatable__KeyPrefix", _prefix));
        _client = new ChatClient(_api.Address);
    }

    [Fact]
    public async Task OneWaitTooManyIsBusyAndWhoDoesNotWaitIsServed()
    {
        var (alice, bob) = (await _client.RegisterAsync(_ct), await _client.RegisterAsync(_ct));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var waiting = _client.SyncAsync(alice, "?wait=25", patience.Token);
        await Eventually.HoldsAsync(IsRegisteredAsync, "a waiting user is registered", _ct);

        var refused = await _client.SyncAsync(bob, "?wait=25", _ct);

        refused.AssertProblem(503, "busy");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(200, (await _client.SyncAsync(bob, "", _ct)).Status);
        Assert.False(waiting.IsCompleted);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.HoldsAsync(
            async () => (await _client.SyncAsync(bob, "?wait=1", _ct)).Status == 200, "another request can wait", _ct);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _api.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> IsRegisteredAsync()
    {
        await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var ids = await Sql.QueryAsync<long>(_database, "SELECT id FROM users", _ct);
        var lengths = await Task.WhenAll(ids.Select(id => connection.GetDatabase().SetLengthAsync($"{_prefix}u:{{{id}}}")));
        return lengths.Any(length => length > 0);
    }
}
