using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>A rolling deployment that changes the key for token secrets: replicas with the old and the new key run side by side.</summary>
public sealed class KeyChangeTests(PostgresServer postgres, RedisServer redis)
{
    private const string Old = "the old key, of at least 32 characters";
    private const string New = "the new key, of at least 32 characters";

    private static readonly (string, string)[] s_before = [("TokenSecrets__Key", Old)];
    private static readonly (string, string)[] s_prepared = [("TokenSecrets__Key", Old), ("TokenSecrets__NextKeys__2", New)];

    private static readonly (string, string)[] s_changed =
        [("TokenSecrets__Key", New), ("TokenSecrets__KeyId", "2"), ("TokenSecrets__PreviousKeys__1", Old)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InTwoStepsEachReplicaTakesTheTokensOfTheOthersAtAnyTime()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using (var before = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_before))
        using (var prepared = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_prepared))
            await AssertBothTakeAsync(before, prepared);

        using (var prepared = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_prepared))
        using (var changed = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_changed))
            await AssertBothTakeAsync(prepared, changed);
    }

    [Fact]
    public async Task InOneStepATokenThatAReplicaCannotReadIsUnavailableThereAndNotRefused()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var before = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_before);
        using var changed = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation, s_changed);
        using var there = new ChatClient(changed.Address);
        using var here = new ChatClient(before.Address);
        var user = await there.RegisterAsync(Cancellation);

        var answer = await here.GetAsync("/api/inbox", user.Token, Cancellation);
        Assert.Equal(503, answer.Status);
        Assert.NotNull(answer.Headers.RetryAfter);
        (await here.SyncAsync(user, "", Cancellation)).AssertProblem(503, "unavailable");
        var socket = await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(
            () => ChatSocket.ConnectAsync(before.Address, user.Token, Cancellation));
        Assert.Equal(503, socket.Data["status"]);
        Assert.Contains("no encryption key 2 is configured", before.Output, StringComparison.Ordinal);

        Assert.Equal(200, (await there.GetAsync("/api/inbox", user.Token, Cancellation)).Status);
    }

    private static async Task AssertBothTakeAsync(ApiProcess first, ApiProcess second)
    {
        using var here = new ChatClient(first.Address);
        using var there = new ChatClient(second.Address);
        foreach (var issuer in (ChatClient[])[here, there])
        {
            var user = await issuer.RegisterAsync(Cancellation);
            Assert.Equal(200, (await here.GetAsync("/api/inbox", user.Token, Cancellation)).Status);
            Assert.Equal(200, (await there.GetAsync("/api/inbox", user.Token, Cancellation)).Status);
        }
    }
}
