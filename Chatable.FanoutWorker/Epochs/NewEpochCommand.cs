using Chatable.Messaging;
using Npgsql;

namespace Chatable.FanoutWorker.Epochs;

/// <summary>Runs the worker's program as a tool that begins a new epoch after a restore: <c>new-epoch</c>.</summary>
internal static class NewEpochCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int Unsure = 3;

    private const string Help = """
        Begins a new epoch of all logs. Run it once after you restore PostgreSQL from a backup, preferably before the services start: once
        they run, they give other messages the places that devices have already stored. Every client starts over when it next connects, and
        open connections are closed within some seconds. After the promotion of a standby, you do not need this command.

          new-epoch

        The command uses the worker's PostgreSQL: set ConnectionStrings__chatdb.
        Exit code: 0 done; 1 PostgreSQL refused or cannot be reached; 2 wrong usage; 3 perhaps done: run it again, which does no harm.
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["help" or "--help" or "-h", ..])
        {
            Console.Out.WriteLine(Help);
            return 0;
        }

        if (args.Length > 0)
            return await ComplainAsync($"'{args[0]}' is not expected: new-epoch takes no arguments.\n\n{Help}", WrongUsage);

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddEnvironmentVariables();
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("chatdb")))
            return await ComplainAsync("No PostgreSQL is configured. Set ConnectionStrings__chatdb.", WrongUsage);

        try
        {
            builder.AddNpgsqlDataSource("chatdb", settings => settings.DisableHealthChecks = true);
            using var host = builder.Build();
            var (ended, begun) = await LogEpochs.RenewAsync(host.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
            Console.Out.WriteLine($"Epoch {ended} has ended, {begun} has begun.");
            return 0;
        }
        // If the server ends a session that waits for its standby, the commit has already happened.
        catch (NpgsqlException failure) when (failure is PostgresException
            ? failure.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            : failure.InnerException is TimeoutException or IOException)
        {
            return await ComplainAsync(
                "PostgreSQL did not answer, so the new epoch may or may not have begun. Run this again: one more epoch does no harm.",
                Unsure);
        }
        catch (PostgresException refused)
        {
            return await ComplainAsync(
                $"PostgreSQL refused ({refused.SqlState}). Check that the database is migrated, and that this is the primary.", Failed);
        }
        catch (Exception failure) when (failure is NpgsqlException or ArgumentException or InvalidOperationException)
        {
            // The driver's own message may quote the connection string.
            return await ComplainAsync(
                "PostgreSQL cannot be reached: check that ConnectionStrings__chatdb names a running PostgreSQL.", Failed);
        }
    }

    private static async Task<int> ComplainAsync(string sentence, int code)
    {
        await Console.Error.WriteLineAsync(sentence);
        return code;
    }
}
