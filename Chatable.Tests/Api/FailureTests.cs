using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Api;

public sealed class FailureTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnexpectedErrorSaysNothingOfItsCause()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var api = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var drop = source.CreateCommand("ALTER TABLE participants DROP COLUMN user_id CASCADE"))
            await drop.ExecuteNonQueryAsync(Cancellation);

        var answer = await client.GetAsync("/api/inbox", user.Token, Cancellation);
        Assert.Equal(
            ApiFixture.Failure(500, "internal server error", "Internal server error"), answer.Envelope.GetRawText());
        Assert.Equal(500, answer.Status);
        Assert.Contains("X-Chatable-Server", answer.Headers.Select(header => header.Key));
        Assert.Contains("42703", api.Output, StringComparison.Ordinal);
        Assert.Equal(200, (await client.GetAsync($"/api/thread/{user.Username}", user.Token, Cancellation)).Status);
    }

    [Fact]
    public async Task DatabaseOutOfReachIsAReasonToTryAgainAndNoRefusal()
    {
        var nowhere = $"Host=127.0.0.1;Port={ServerProcess.FreePort()};Username=nobody;Password=hush-hush;Database=none";
        using var api = await ApiProcess.StartAsync(nowhere, redis.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var token = new ChatToken(
            "AN5O6G5HYN4KFY7H2KM7XX4MKRI2RPNKUQELMQ54RITJBNS5RXKA", "5GHV7INX2QZTG4RFE6LQMR34HWSF27IUUM55P65MFW4462SLC43A", "");

        foreach (var answer in (ChatAnswer[])
            [
                await client.PostAsync("/api/register", ChatClient.RegistrationOf(ChatClient.NewName()), Cancellation),
                await client.GetAsync("/api/inbox", token, Cancellation),
            ])
        {
            Assert.Equal((503, "Service unavailable"), (answer.Status, answer.Message));
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        Assert.DoesNotContain("hush-hush", api.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyPasswordsAtOnceAreTurnedAwayAndMayComeAgain()
    {
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            ("Passwords__Iterations", "500000"), ("Passwords__MaxConcurrentHashes", "1"), ("Passwords__MaxWaitingHashes", "1"));
        using var client = new ChatClient(api.Address);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            client.PostAsync("/api/auth_token", new() { ["username"] = "bob", ["password"] = "correct-horse" }, Cancellation)));

        Assert.Equal([401, 503], answers.Select(answer => answer.Status).Distinct().Order());
        Assert.All(answers.Where(answer => answer.Status == 503), answer => Assert.NotNull(answer.Headers.RetryAfter));
    }

    [Theory]
    [InlineData("TokenSecrets__Key", "", "TokenSecrets:Key is missing")]
    [InlineData("TokenSecrets__Key", "too-little", "TokenSecrets:Key is too short")]
    [InlineData("TokenSecrets__KeyId", "256", "TokenSecrets:KeyId must be between 1 and 255.")]
    [InlineData("Passwords__Iterations", "1", "Passwords:Iterations must be between")]
    [InlineData("Auth__TokenLifetime", "00:00:01", "Auth:TokenLifetime must be between")]
    [InlineData("Realtime__MaxFrameByte", "1024", "Realtime:MaxFrameByte is no setting. The nearest one is Realtime:MaxFrameBytes.")]
    [InlineData("Realtime__Times__Png", "00:00:01", "Realtime:Times:Png is no setting. The nearest one is Realtime:Times:Ping.")]
    [InlineData("Realtime__Delivery__Pol", "00:00:01", "Realtime:Delivery:Pol is no setting. The nearest one is Realtime:Delivery:Poll.")]
    [InlineData("Chatable__Prefix", "x", "Chatable:Prefix is no setting. The nearest one is Chatable:KeyPrefix.")]
    public async Task WrongSettingStopsTheStartWithASentenceThatNamesIt(string key, string value, string sentence)
    {
        var start = ApiProcess.StartInfo(
            ("ConnectionStrings__chatdb", "Host=127.0.0.1"), ("ConnectionStrings__redis", redis.ConnectionString),
            ("TokenSecrets__Key", "a key of the tests' own, long enough"), (key, value));
        var run = await ProcessRun.OfAsync(start, Cancellation);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(sentence, run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("too-little", run.Text, StringComparison.Ordinal);
    }
}
