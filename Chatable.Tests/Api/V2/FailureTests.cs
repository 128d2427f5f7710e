using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Api.V2;

public sealed class FailureTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnUnexpectedErrorIsAProblemWithoutItsCause()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var api = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var drop = source.CreateCommand(
            "ALTER TABLE participants DROP COLUMN user_id CASCADE; ALTER TABLE log_epoch DROP COLUMN epoch"))
            await drop.ExecuteNonQueryAsync(Cancellation);

        foreach (var path in (string[])["conversations", "conversations/1/messages", "sync", "sync?wait=25"])
        {
            var answer = await client.GetAsync($"/api/v2/{path}", user.Token, Cancellation);
            answer.AssertProblem(500, "internal");
            Assert.Equal(["type", "title", "status", "code"], answer.Envelope.Names());
            Assert.Contains("X-Chatable-Server", answer.Headers.Select(header => header.Key));
        }

        Assert.Contains("42703", api.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoresOutOfReachAreAReasonToTryAgain()
    {
        var nowhere = $"Host=127.0.0.1;Port={ServerProcess.FreePort()};Username=nobody;Password=hush-hush;Database=none";
        using var api = await ApiProcess.StartAsync(nowhere, redis.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var user = new ChatUser("bob", "", new ChatToken(
            "AN5O6G5HYN4KFY7H2KM7XX4MKRI2RPNKUQELMQ54RITJBNS5RXKA", "5GHV7INX2QZTG4RFE6LQMR34HWSF27IUUM55P65MFW4462SLC43A", ""));

        var answer = await client.SyncAsync(user, "", Cancellation);
        answer.AssertProblem(503, "unavailable");
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task WithoutRedisMessagesAreRefusedAndTheLogIsStillRead()
    {
        await using var own = new RedisServer();
        await own.InitializeAsync();
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), own.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        await own.DisposeAsync();

        var refused = await client.SayAsync(user, user, "note", Cancellation);
        refused.AssertProblem(503, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(200, (await client.SyncAsync(user, "?wait=1", Cancellation)).Status);
    }

    [Theory]
    [InlineData("Messages__MaxWaiting", "0", "Messages:MaxWaiting must be between 1 and 100000.")]
    [InlineData("Messages__Deadline", "00:10:00", "Messages:Deadline must be between 00:00:00.1000000 and 00:05:00.")]
    [InlineData("Sync__PollsPerUser", "0", "Sync:PollsPerUser must be between 1 and 1000.")]
    public async Task AWrongSettingStopsTheStartWithASentenceThatNamesIt(string key, string value, string sentence)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ApiProcess.StartAsync("Host=127.0.0.1", redis.ConnectionString, Cancellation, (key, value)));
        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
    }
}
