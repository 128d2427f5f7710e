using System.Collections.Concurrent;
using System.Text;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Chatable.Tests.Migrations;

/// <summary>The exit code and the console output of the migration service.</summary>
public sealed class MigrationProcessTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AMissingDatabaseIsCreatedAndMigratedWithALineForEachScript()
    {
        var database = await postgres.NameMissingDatabaseAsync(Cancelled);

        var run = await MigrationProcess.RunAsync(database, Cancelled);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Created the database", run.Text, StringComparison.Ordinal);
        Assert.Contains("Applied 0001_users_and_tokens.sql", run.Text, StringComparison.Ordinal);
        Assert.Contains("Applied 0005_messages_by_place.sql", run.Text, StringComparison.Ordinal);
        Assert.Single(await Sql.QueryAsync<Guid>(database, "SELECT epoch FROM log_epoch", Cancelled));
    }

    [Fact]
    public async Task AFailingScriptEndsWithOneAndItsReasonOnTheConsole()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await Sql.ExecuteAsync(database, "CREATE TABLE auth_tokens (in_the_way int)", Cancelled);

        var run = await MigrationProcess.RunAsync(database, Cancelled);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("0001_users_and_tokens.sql", run.Text, StringComparison.Ordinal);
        Assert.Contains("\"auth_tokens\" already exists", run.Text, StringComparison.Ordinal);
        Assert.Equal([false], await Sql.QueryAsync<bool>(database, "SELECT to_regclass('users') IS NOT NULL", Cancelled));
        AssertNoPassword(database, run);
    }

    [Fact]
    public async Task AnUnreachableServerEndsWithOneAfterTheStartTimeout()
    {
        var database = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync(Cancelled))
        {
            Port = ServerProcess.FreePort(),
        }.ConnectionString;

        var run = await MigrationProcess.RunAsync(database, Cancelled, KeyValuePair.Create("Migrations__StartTimeout", "00:00:01"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("PostgreSQL is not available: Failed to connect", run.Text, StringComparison.Ordinal);
        Assert.Contains("The database was not migrated: Failed to connect", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Text, StringComparison.Ordinal);
        AssertNoPassword(database, run);
    }

    [Fact]
    public async Task AWrongPasswordEndsWithOneAtOnce()
    {
        var database = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync(Cancelled))
        {
            Password = "surely-not-the-password",
        }.ConnectionString;

        var run = await MigrationProcess.RunAsync(database, Cancelled);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("password authentication failed", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("not up yet", run.Text, StringComparison.Ordinal);
        AssertNoPassword(database, run);
    }

    [Theory]
    [InlineData("", "ConnectionString is missing")]
    [InlineData("Host=localhost;Password=secret-of-ours;Nonsense=1", "Nonsense")]
    public async Task AConnectionStringThatCannotBeUsedEndsWithOneAndAReason(string connectionString, string reason)
    {
        var run = await MigrationProcess.RunAsync(connectionString, Cancelled);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(reason, run.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secret-of-ours", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItsSpanHasReachedTheCollectorWhenItEnds()
    {
        var received = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        collector.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
            received.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        });
        await collector.StartAsync(Cancelled);

        var run = await MigrationProcess.RunAsync(
            await postgres.CreateDatabaseAsync(Cancelled), Cancelled,
            KeyValuePair.Create("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.Single()),
            KeyValuePair.Create("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(received, spans => spans.Contains("chatable.migrate", StringComparison.Ordinal));
    }

    private static void AssertNoPassword(string connectionString, ProcessRun run) =>
        Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(connectionString).Password!, run.Text, StringComparison.Ordinal);
}
