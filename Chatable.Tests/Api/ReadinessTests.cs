using System.Net;
using Chatable.Messaging;
using Chatable.MigrationService;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Api;

/// <summary>What <c>/health</c> reports when the database or the workers are not ready.</summary>
public sealed class ReadinessTests(PostgresServer postgres, RedisServer redis)
{
    private static readonly (string, string) s_details = ("Health__Details", "true");

    private static readonly (string, string) s_whateverTheWorkers = ("Workers__Patience", "01:00:00");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void TheSchemaThatIsNeededIsTheOneOfTheLastScript() =>
        Assert.Equal(MigrationScript.Embedded[^1].Name, SchemaCheck.Needed);

    [Fact]
    public async Task ADatabaseThatWasNeverMigratedIsNotReadyAndAnswers503()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        using var api = await StartAsync(database, s_whateverTheWorkers);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy\nschema: The database was never migrated."), await HealthAsync(api));
        using var client = new ChatClient(api.Address);
        Assert.Equal(503, (await client.PostAsync("/api/register", ChatClient.RegistrationOf(ChatClient.NewName()), Cancelled)).Status);

        // The worker needs the schema as well.
        await using var worker = WorkerProcess.Start("w1", database, redis.ConnectionString, "unmigrated:", s_details);
        Assert.Equal("Unhealthy\nschema: The database was never migrated.", await worker.GetAsync("/health", Cancelled));

        await MigrationRun.ApplyAsync(database, scripts: null, Cancelled);
        Assert.Equal(HttpStatusCode.OK, (await HealthAsync(api)).Status);
        Assert.Equal("Healthy", await worker.GetAsync("/health", Cancelled));
        Assert.Equal(200, (await client.PostAsync("/api/register", ChatClient.RegistrationOf(ChatClient.NewName()), Cancelled)).Status);
    }

    // During a deployment it starts beside workers of the previous version, which can still store messages.
    [Fact]
    public async Task AWorkerTakesNoPartitionBeforeTheSchemaIsThere()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(database, [.. MigrationScript.Embedded.SkipLast(1)], Cancelled);
        var prefix = $"{Guid.NewGuid():N}:";
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        await using var worker = WorkerProcess.Start("w1", database, redis.ConnectionString, prefix, ("Fanout__LeaseRenewal", "00:00:00.100"));
        await Eventually.HoldsAsync(
            () => Task.FromResult(worker.Output.Contains(
                $"{SchemaCheck.Needed} was not applied. This worker reads no partition before the migrations have run.", StringComparison.Ordinal)),
            "the worker logs that it waits", Cancelled);

        Assert.False(await connection.GetDatabase().KeyExistsAsync($"{prefix}workers"));
        Assert.False(await connection.GetDatabase().KeyExistsAsync($"{prefix}lease:{{0}}"));

        await MigrationRun.ApplyAsync(database, scripts: null, Cancelled);
        await Eventually.HoldsAsync(
            () => connection.GetDatabase().KeyExistsAsync($"{prefix}lease:{{0}}"), "the worker has taken the partitions", Cancelled);
        Assert.Single(worker.Output.Split('\n'), line => line.Contains("reads no partition", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnOlderSchemaIsNotReadyAndANewerOneIs()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(database, [.. MigrationScript.Embedded.SkipLast(1)], Cancelled);
        using var api = await StartAsync(database, s_whateverTheWorkers);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, $"Unhealthy\nschema: The database is older than this build: {SchemaCheck.Needed} was not applied."),
            await HealthAsync(api));

        var newer = new MigrationScript("9999_of_a_later_version.sql", "CREATE TABLE of_a_later_version (id int)");
        await MigrationRun.ApplyAsync(database, [.. MigrationScript.Embedded, newer], Cancelled);
        Assert.Equal(HttpStatusCode.OK, (await HealthAsync(api)).Status);
    }

    [Fact]
    public async Task ARoleThatCouldBeginNoEpochAfterAPromotionIsDegraded()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);
        var role = $"epochless_{Guid.NewGuid():N}";
        await Sql.ExecuteAsync(
            database,
            $"""
            CREATE ROLE {role} LOGIN PASSWORD 'at least 12 characters';
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role};
            REVOKE INSERT ON past_log_epochs FROM {role}
            """,
            Cancelled);
        var own = new NpgsqlConnectionStringBuilder(database) { Username = role, Password = "at least 12 characters" };
        using var api = await StartAsync(own.ConnectionString, s_whateverTheWorkers);

        Assert.Equal(
            (HttpStatusCode.OK, "Degraded\nschema: The service's role may not write log_epoch and past_log_epochs."),
            await HealthAsync(api));
        await Sql.ExecuteAsync(database, $"GRANT INSERT ON past_log_epochs TO {role}", Cancelled);
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await HealthAsync(api));
    }

    [Fact]
    public async Task WithoutAWorkerItIsDegradedWithin15SecondsAndASendIsToldSo()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);
        using var api = await StartAsync(database, ("Chatable__KeyPrefix", "killed:"));
        using var strict = await StartAsync(
            database, ("Chatable__KeyPrefix", "killed:"), ("Workers__RequiredForReadiness", "true"), ("Health__Details", "false"));
        await using (var worker = WorkerProcess.Start("w1", database, redis.ConnectionString, "killed:"))
        {
            await IsAsync(api, HttpStatusCode.OK, "Healthy");
            worker.Kill();
            var killed = TimeProvider.System.GetTimestamp();
            await IsAsync(api, HttpStatusCode.OK, "Degraded\nworkers: No fan-out worker is alive: messages wait in the intake.");
            Assert.InRange(TimeProvider.System.GetElapsedTime(killed), TimeSpan.Zero, TimeSpan.FromSeconds(15));
        }

        await IsAsync(strict, HttpStatusCode.ServiceUnavailable, "Unhealthy");
        Assert.Contains("No fan-out worker is alive", api.Output, StringComparison.Ordinal);

        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(Cancelled), await client.RegisterAsync(Cancelled));
        var asked = TimeProvider.System.GetTimestamp();
        var (status, code) = await SendAsync(client, bob, alice);
        Assert.Equal((503, "no_worker"), (status, code));
        Assert.InRange(TimeProvider.System.GetElapsedTime(asked), TimeSpan.Zero, TimeSpan.FromSeconds(10));

        // The message was accepted, so the next worker stores it.
        await using var next = WorkerProcess.Start("w2", database, redis.ConnectionString, "killed:");
        await IsAsync(api, HttpStatusCode.OK, "Healthy");
        await IsAsync(strict, HttpStatusCode.OK, "Healthy");
        Assert.Equal((200, null), await SendAsync(client, bob, alice));
    }

    private async Task<ApiProcess> StartAsync(string database, params (string Key, string Value)[] settings) =>
        await ApiProcess.StartAsync(database, redis.ConnectionString, Cancelled, [s_details, .. settings]);

    private static Task IsAsync(ApiProcess api, HttpStatusCode status, string word) => Eventually.HoldsAsync(
        async () => await HealthAsync(api) == (status, word), $"/health says '{word}'", Cancelled);

    private static async Task<(HttpStatusCode Status, string Body)> HealthAsync(ApiProcess api)
    {
        using var client = new HttpClient { BaseAddress = api.Address };
        using var response = await client.GetAsync("/health", Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private static async Task<(int Status, string? Code)> SendAsync(ChatClient client, ChatUser author, ChatUser recipient)
    {
        var answer = await client.SayAsync(author, recipient, "is anybody there?", Cancelled, "k1");
        return (answer.Status, answer.Envelope.TryGetProperty("code", out var code) ? code.GetString() : null);
    }
}
