using System.Diagnostics;
using Chatable.MigrationService;
using Chatable.Tests.Support;

namespace Chatable.Tests.Migrations;

public sealed class MigrationTests(PostgresServer postgres)
{
    private const string TablesOfOurs =
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";

    private const string Journal = $"SELECT scriptname::text FROM {Migrator.JournalTable} ORDER BY 1";

    private static readonly string[] s_scripts = [.. MigrationScript.Embedded.Select(script => script.Name)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnEmptyDatabaseGetsEveryScriptAndASecondRunDoesNothing()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);

        var first = await MigrationRun.ApplyAsync(database, null, Cancelled);
        var second = await MigrationRun.ApplyAsync(database, null, Cancelled);

        Assert.Equal(
            ["0001_users_and_tokens.sql", "0002_conversations_and_messages.sql", "0003_user_heads_and_envelopes.sql",
             "0004_inbox_by_minute.sql", "0005_messages_by_place.sql", "0006_repeated_refresh.sql",
             "0007_names_without_locale.sql", "0008_message_fingerprints.sql", "0009_epochs_by_timeline.sql"],
            first);
        Assert.Empty(second);
        Assert.Equal(first, await Sql.QueryAsync<string>(database, Journal, Cancelled));
    }

    [Fact]
    public async Task TwelveMigratorsAtOnceOnAnEmptyServerApplyEachScriptOnce()
    {
        var database = await postgres.NameMissingDatabaseAsync(Cancelled);

        var applied = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(_ => Task.Run(() => MigrationRun.ApplyAsync(database, null, Cancelled), Cancelled)));

        Assert.Equal(s_scripts, applied.SelectMany(names => names));
        Assert.Equal(s_scripts, await Sql.QueryAsync<string>(database, Journal, Cancelled));
    }

    [Fact]
    public async Task AFailingScriptLeavesNothingOfItselfAndNoLineInTheJournal()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        MigrationScript[] scripts =
        [
            new("0001_good.sql", "CREATE TABLE kept (id int)"),
            new("0002_bad.sql", "CREATE TABLE lost (id int); INSERT INTO kept VALUES (1); CREATE TABLE kept (id int);"),
            new("0003_never.sql", "CREATE TABLE never (id int)"),
        ];

        var refused = await Assert.ThrowsAsync<MigrationException>(() => MigrationRun.ApplyAsync(database, scripts, Cancelled));

        Assert.Contains("0002_bad.sql", refused.Message, StringComparison.Ordinal);
        Assert.Contains("already exists", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["kept", Migrator.JournalTable], await Sql.QueryAsync<string>(database, TablesOfOurs, Cancelled));
        Assert.Equal(["0001_good.sql"], await Sql.QueryAsync<string>(database, Journal, Cancelled));
        Assert.Equal([0L], await Sql.QueryAsync<long>(database, "SELECT count(*) FROM kept", Cancelled));
    }

    [Fact]
    public async Task AScriptAndItsLineInTheJournalAreOneTransaction()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);

        var transactions = await Sql.QueryAsync<string>(
            database,
            $"SELECT xmin::text FROM log_epoch UNION SELECT xmin::text FROM {Migrator.JournalTable} WHERE scriptname LIKE '0009%'",
            Cancelled);

        Assert.Single(transactions);
    }

    [Fact]
    public async Task ADatabaseMigratedByANewerBuildIsRefusedUntouched()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        MigrationScript[] newer = [MigrationScript.Embedded[0], new("0999_from_the_future.sql", "CREATE TABLE future (id int)")];
        await MigrationRun.ApplyAsync(database, newer, Cancelled);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => MigrationRun.ApplyAsync(database, null, Cancelled));

        Assert.Contains("0999_from_the_future.sql", refused.Message, StringComparison.Ordinal);
        Assert.Equal(newer.Select(script => script.Name), await Sql.QueryAsync<string>(database, Journal, Cancelled));
    }

    [Fact]
    public async Task ARunIsOneSpan()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        using var test = new Activity("test").Start();
        List<Activity> spans = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Migrator.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.TraceId == test.TraceId)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        await MigrationRun.ApplyAsync(database, null, Cancelled);

        var span = Assert.Single(spans);
        Assert.Equal("chatable.migrate", span.OperationName);
        Assert.Equal(s_scripts.Length, span.GetTagItem("chatable.migrations.applied"));
    }
}
