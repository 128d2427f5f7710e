using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Api.V2;

/// <summary>Sending over REST while the worker is down or its notification is lost.</summary>
public sealed class LostWordTests(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _prefix = $"{Guid.NewGuid():N}:";
    private string _database = "";
    private ApiProcess _api = null!;
    private ChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateMigratedDatabaseAsync(_ct);
        _api = await StartApiAsync(("Messages__Deadline", "00:00:01.5"), ("Messages__FirstLook", "00:00:00.5"));
        _client = new ChatClient(_api.Address);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _api.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task WithoutAWorkerTheFateIsUnknownAndTheSameKeyIsSafeLater()
    {
        var (bob, alice) = (await _client.RegisterAsync(_ct), await _client.RegisterAsync(_ct));
        var key = V2Requests.NewKey();

        var unknown = await _client.SayAsync(bob, alice, "are you there?", _ct, key);
        unknown.AssertProblem(503, "unavailable");
        Assert.Contains("same key", unknown.Envelope.Text("detail"), StringComparison.Ordinal);
        Assert.NotNull(unknown.Headers.RetryAfter);

        await using var worker = WorkerProcess.Start("w", _database, redis.ConnectionString, _prefix);
        var later = await UntilKnownAsync(() => _client.SayAsync(bob, alice, "are you there?", _ct, key));
        Assert.True(later.Status is 200 or 201, later.Envelope.GetRawText());
        Assert.Equal(200, (await _client.SayAsync(bob, alice, "are you there?", _ct, key)).Status);
        Assert.Equal([1L], await Sql.QueryAsync<long>(_database, $"SELECT count(*) FROM messages WHERE client_id = '{key}'", _ct));
    }

    [Fact]
    public async Task WhatIsStoredIsFoundThoughNobodySaysSo()
    {
        var (bob, alice) = (await _client.RegisterAsync(_ct), await _client.RegisterAsync(_ct));
        await using (var source = NpgsqlDataSource.Create(_database))
            await Messages.SendAsync(source, bob.Username, alice.Username, ["stored before"], _ct);
        var key = (await Sql.QueryAsync<Guid>(_database, "SELECT client_id FROM messages WHERE body = 'stored before'", _ct)).Single();

        var answer = await _client.SayAsync(bob, alice, "stored before", _ct, key.ToString("D"));

        Assert.Equal(200, answer.Status);
        Assert.Equal(key.ToString("D"), answer.Envelope.Text("message_id"));
        (await _client.SayAsync(bob, alice, "something else", _ct, key.ToString("D"))).AssertProblem(
            422, "idempotency_key_reused", "Idempotency-Key");
        (await _client.SayAsync(bob, bob, "stored before", _ct, key.ToString("D"))).AssertProblem(
            422, "idempotency_key_reused", "Idempotency-Key");
    }

    [Fact]
    public async Task TooManyWhoWaitAreTurnedAwayAndOneWhoGivesUpMakesRoom()
    {
        using var api = await StartApiAsync(("Messages__MaxWaiting", "2"), ("Messages__Deadline", "00:01:00"));
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(_ct), await client.RegisterAsync(_ct));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        Task<ChatAnswer>[] waiting =
            [client.SayAsync(bob, alice, "1", patience.Token), client.SayAsync(bob, alice, "2", patience.Token)];
        await Eventually.HoldsAsync(async () => await LengthOfIntakeAsync() == 2, "two messages are in the intake", _ct);

        var third = await client.SayAsync(bob, alice, "3", _ct);
        third.AssertProblem(503, "busy");
        Assert.NotNull(third.Headers.RetryAfter);

        await patience.CancelAsync();
        foreach (var one in waiting)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await using var worker = WorkerProcess.Start("w", _database, redis.ConnectionString, _prefix);
        var served = await UntilKnownAsync(() => client.SayAsync(bob, alice, "4", _ct, "the-fourth"));
        Assert.Equal(201, served.Status);
    }

    [Fact]
    public async Task OneUserTakesHisShareOfThoseWhoWaitAndNoMore()
    {
        using var api = await StartApiAsync(
            ("Messages__MaxWaiting", "5"), ("Messages__WaitingPerUser", "2"), ("Messages__Deadline", "00:01:00"));
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(_ct), await client.RegisterAsync(_ct));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        Task<ChatAnswer>[] waiting =
            [client.SayAsync(bob, alice, "1", patience.Token), client.SayAsync(bob, alice, "2", patience.Token)];
        await Eventually.HoldsAsync(async () => await LengthOfIntakeAsync() == 2, "two messages are in the intake", _ct);

        (await client.SayAsync(bob, alice, "3", _ct)).AssertProblem(503, "busy");
        var hers = client.SayAsync(alice, bob, "mine", _ct);
        await Eventually.HoldsAsync(async () => await LengthOfIntakeAsync() == 3, "her message is in the intake too", _ct);

        await patience.CancelAsync();
        foreach (var one in waiting)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await using var worker = WorkerProcess.Start("w", _database, redis.ConnectionString, _prefix);
        Assert.Equal(201, (await hers).Status);
        var served = await UntilKnownAsync(() => client.SayAsync(bob, alice, "4", _ct, "the-fourth"));
        Assert.True(served.Status is 200 or 201);
    }

    [Fact]
    public async Task WhoWaitsWhenTheServerIsToldToStopIsStillAnswered()
    {
        using var api = await StartApiAsync(("Messages__Deadline", "00:01:00"));
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(_ct), await client.RegisterAsync(_ct));
        var waiting = client.SayAsync(bob, alice, "last words", _ct);
        await Eventually.HoldsAsync(async () => await LengthOfIntakeAsync() == 1, "the message is in the intake", _ct);

        Signals.Send(api.ProcessId, Signals.Terminate);
        await Eventually.HoldsAsync(() => Task.FromResult(api.Output.Contains("Drained", StringComparison.Ordinal)), "it drains", _ct);
        await using var worker = WorkerProcess.Start("w", _database, redis.ConnectionString, _prefix);

        Assert.Equal(201, (await waiting).Status);
    }

    private async Task<ChatAnswer> UntilKnownAsync(Func<Task<ChatAnswer>> send)
    {
        ChatAnswer? answer = null;
        await Eventually.HoldsAsync(async () => (answer = await send()).Status != 503, "the outcome is known", _ct);
        return answer!;
    }

    private async Task<long> LengthOfIntakeAsync()
    {
        await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var lengths = Enumerable.Range(0, 16).Select(p => connection.GetDatabase().StreamLengthAsync($"{_prefix}in:{{{p}}}"));
        return (await Task.WhenAll(lengths)).Sum();
    }

    // ReadinessTests covers the case that no worker is alive.
    private Task<ApiProcess> StartApiAsync(params (string, string)[] settings) => ApiProcess.StartAsync(
        _database, redis.ConnectionString, _ct, [("Chatable__KeyPrefix", _prefix), ("Workers__Patience", "01:00:00"), .. settings]);
}
