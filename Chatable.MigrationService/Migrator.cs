using System.Diagnostics;
using Chatable.MigrationService.Databases;
using DbUp;
using DbUp.Engine;
using DbUp.Postgresql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.MigrationService;

/// <summary>
/// Applies the scripts that a database does not have yet, each in one transaction together with its journal entry. Any number of migrators
/// may start at once: one works, and the others wait for it and then find nothing to do.
/// </summary>
internal sealed class Migrator(
    NpgsqlDataSource database,
    [FromKeyedServices(MigrationLock.ScriptSessions)] NpgsqlDataSource scriptSessions,
    DatabaseCreation creation,
    ServiceRole serviceRole,
    IReadOnlyList<MigrationScript> scripts,
    IOptions<MigrationOptions> options,
    ILogger<Migrator> logger)
{
    public const string SourceName = "Chatable.Migrations";
    public const string JournalTable = "schema_versions";

    /// <summary>From this script on, names are compared without the database's locale.</summary>
    public const string LocaleFreeNames = "0007_names_without_locale.sql";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <returns>The names of the applied scripts, in order.</returns>
    /// <exception cref="MigrationException">A script failed, or the schema is newer than this build.</exception>
    /// <exception cref="NpgsqlException">The database cannot be reached, created or locked.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        using var activity = s_source.StartActivity("chatable.migrate");
        try
        {
            var connection = await creation.OpenAsync(database, cancellationToken);
            await using var exclusive = await MigrationLock.TakeAsync(connection, options.Value.LockTimeout, cancellationToken);

            // DbUp does not support cancellation, so on a stop request this process ends at once. PostgreSQL rolls back the script whose
            // connection is gone, and keeps other migrators out until then.
            var applied = await Task.Run(Upgrade, CancellationToken.None).WaitAsync(cancellationToken);
            await RefuseFoldingByLocaleAsync(cancellationToken);
            await serviceRole.ApplyAsync(cancellationToken);
            activity?.SetTag("chatable.migrations.applied", applied.Count);
            return applied;
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }

    private List<string> Upgrade()
    {
        var engine = DeployChanges.To
            .PostgresqlDatabase(new PostgresqlConnectionManager(scriptSessions))
            .WithScripts(scripts.Select(script => new SqlScript(script.Name, script.Sql)))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .WithExecutionTimeout(options.Value.ScriptTimeout)
            .JournalToPostgresqlTable("public", JournalTable)
            .LogToNowhere()
            .Build();
        engine.ScriptExecuted += (_, executed) => Log.ScriptApplied(logger, ((ScriptExecutedEventArgs)executed).Script.Name);

        RefuseNewerSchema(engine);
        var result = engine.PerformUpgrade();
        if (!result.Successful)
            throw new MigrationException($"{result.ErrorScript?.Name ?? "The journal"}: {result.Error.Message}", result.Error);

        var applied = result.Scripts.Select(script => script.Name).ToList();
        if (applied.Count == 0)
            Log.NothingToApply(logger, scripts.Count);
        return applied;
    }

    // Every service waits for this result, and an older build on a newer schema would write data that the newer build does not expect.
    private static void RefuseNewerSchema(UpgradeEngine engine)
    {
        var unknown = engine.GetExecutedButNotDiscoveredScripts();
        if (unknown.Count > 0)
        {
            throw new MigrationException(
                $"The database has scripts this build does not know ({string.Join(", ", unknown)}): it was migrated by a newer one.");
        }
    }

    // An index that folds names by the database's locale, such as one created by hand, would not be used. Or it would allow two users whose
    // names the services treat as one. 950 is the collation "C".
    private async Task RefuseFoldingByLocaleAsync(CancellationToken cancellationToken)
    {
        if (scripts.All(script => script.Name != LocaleFreeNames))
            return;

        await using var command = database.CreateCommand("""
            SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index
            WHERE indrelid = to_regclass('public.users') AND indexprs IS NOT NULL AND 950 <> ALL (indcollation)
            """);
        if (await command.ExecuteScalarAsync(cancellationToken) is string indexes)
            throw new MigrationException($"Indexes of users fold letter case by the database's locale instead of COLLATE \"C\": {indexes}.");
    }
}
