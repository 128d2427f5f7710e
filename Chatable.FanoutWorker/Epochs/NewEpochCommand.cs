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
        Begins a new epoch of all logs. Run it once after PostgreSQL was restored from a backup, best before the services start: places that
        devices have stored are given to other messages from then on. Every client starts over when it next connects, and open connections
        are closed within some seconds. The promotion of a standby needs no command.

          new-epoch

        PostgreSQL is that of the worker: ConnectionStrings__chatdb.
        Exit code: 0 done; 1 PostgreSQL refuses or is out of reach; 2 wrong usage; 3 it may be done: run it again, which does no harm.
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["help" or "--help" or "-h", ..])
        {
            Console.Out.WriteLine(Help);
            return 0;
        }

        if (args.Length > 0)
            return await ComplainAsync($"'{args[0]}' is one too many.\n\n{Help}", WrongUsage);

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddEnvironmentVariables();
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("chatdb")))
            return await ComplainAsync("Which PostgreSQL? Set ConnectionStrings__chatdb.", WrongUsage);

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
                "PostgreSQL has not answered, so the epoch may have begun or not. Run this again: one epoch more does no harm.", Unsure);
        }
        catch (PostgresException refused)
        {
            return await ComplainAsync($"PostgreSQL refuses ({refused.SqlState}). Is the database migrated, and this the primary?", Failed);
        }
        catch (Exception failure) when (failure is NpgsqlException or ArgumentException or InvalidOperationException)
        {
            // The driver's own message may quote the connection string.
            return await ComplainAsync("PostgreSQL cannot be reached: see that ConnectionStrings__chatdb names one that runs.", Failed);
        }
    }

    private static async Task<int> ComplainAsync(string sentence, int code)
    {
        await Console.Error.WriteLineAsync(sentence);
        return code;
    }
}
