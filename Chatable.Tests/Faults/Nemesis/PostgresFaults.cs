using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A PostgreSQL that restarts, crashes, freezes and blocks.</summary>
internal static class PostgresFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F17", "PostgreSQL restarts", "SIGINT (fast) and SIGQUIT (immediate) in turn every 6 s, restart",
            "batches are repeated; no false ack",
            RestartAsync)
        {
            Holds = Parts.Postgres,
        },
        new("F18", "PostgreSQL crashes", "SIGKILL of the postmaster, of one backend, and pg_terminate_backend, in turn",
            "recovery from the WAL; ambiguous commits are resolved", CrashAsync)
        {
            Holds = Parts.Postgres,
            AtLeast = TimeSpan.FromSeconds(12),
        },
        new("F19", "the connection is cut at COMMIT", "the proxy cuts ahead of COMMIT, or of the answer to it",
            "each message is stored once", CutAtCommitAsync)
        {
            Holds = Parts.WorkerPostgresLinks,
        },
        new("F20", "PostgreSQL is frozen", "SIGSTOP of all its processes for 20 s", "the intake grows, then drains", FreezeAsync)
        {
            Holds = Parts.Postgres,
            AtLeast = TimeSpan.FromSeconds(26),
        },
        new("F22", "PostgreSQL is read-only, or has no connection left", "default_transaction_read_only; 200 idle connections",
            "retried; nothing becomes a dead letter", RefuseWritesAsync)
        {
            Holds = Parts.Postgres,
            AtLeast = TimeSpan.FromSeconds(12),
            Heal = AllowWritesAsync,
        },
        new("F23", "somebody holds the lock of a busy user", "SELECT … FOR UPDATE in a transaction that stays open for 20 s",
            "lock_timeout; others are not delayed for long",
            HoldLockAsync)
        {
            Holds = Parts.Postgres,
            AtLeast = TimeSpan.FromSeconds(26),
        },
    ];

    private static async Task RestartAsync(FaultContext context, CancellationToken window)
    {
        var node = context.Cluster.Postgres.Node;
        for (var fast = true; ; fast = !fast)
        {
            await node.EndAsync(fast ? Signals.Interrupt : Signals.Quit, window);
            await node.RestartAsync(window);
            await context.PauseAsync(6, window);
        }
    }

    private static async Task CrashAsync(FaultContext context, CancellationToken window)
    {
        var postgres = context.Cluster.Postgres;
        while (true)
        {
            await postgres.CrashAsync(window);
            await postgres.Node.RestartAsync(window);
            await context.PauseAsync(4, window);
            await TryExecuteAsync(
                context, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'chat'",
                window);
            await context.PauseAsync(2, window);
            if (await BackendAsync(context, window) is { } backend)
                Signals.Send(backend, Signals.Kill);
            await context.PauseAsync(4, window);
        }
    }

    private static async Task CutAtCommitAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            var link = context.Pick(context.Cluster.Workers).ToPostgres;
            var before = link.Cuts;
            (link.Up, link.Down) = context.Pick(CommitCuts.All);
            while (link.Cuts == before)
                await Task.Delay(10, window);
            link.Heal();
            await context.PauseAsync(0.5, window);
        }
    }

    private static async Task FreezeAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            context.Cluster.Postgres.Freeze();
            await context.PauseAsync(20, window);
            context.Cluster.Postgres.Thaw();
            await context.PauseAsync(4, window);
        }
    }

    private static async Task RefuseWritesAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            await SetReadOnlyAsync(context, "on", window);
            await context.PauseAsync(4, window);
            await SetReadOnlyAsync(context, "off", window);
            await OccupyAsync(context, window);
        }
    }

    private static async Task OccupyAsync(FaultContext context, CancellationToken window)
    {
        List<NpgsqlConnection> idle = [];
        try
        {
            while (idle.Count < 200)
            {
                idle.Add(new NpgsqlConnection(context.Cluster.Postgres.ConnectionString));
                await idle[^1].OpenAsync(window);
            }
        }
        catch (NpgsqlException)
        {
            // No connection is left. The services keep theirs, so force them to reconnect.
            foreach (var service in context.Cluster.Services)
                service.ToPostgres.Reset();
        }

        await context.PauseAsync(4, window).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var connection in idle)
            await connection.DisposeAsync();
        window.ThrowIfCancellationRequested();
    }

    // Another fault may have just crashed it.
    private static async Task AllowWritesAsync(FaultContext context, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await SetReadOnlyAsync(context, "off", cancellationToken);
                return;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(250, cancellationToken);
            }
        }
    }

    private static async Task SetReadOnlyAsync(FaultContext context, string value, CancellationToken cancellationToken)
    {
        await context.Cluster.Postgres.ExecuteAsync($"ALTER SYSTEM SET default_transaction_read_only = {value}", cancellationToken);
        await context.Cluster.Postgres.ExecuteAsync("SELECT pg_reload_conf()", cancellationToken);
    }

    private static async Task HoldLockAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            var user = context.Pick(context.Traffic.Users).Username;
            await using var connection = new NpgsqlConnection(context.Cluster.Postgres.ConnectionString);
            await connection.OpenAsync(window);
            await using var transaction = await connection.BeginTransactionAsync(window);
            await using var command = new NpgsqlCommand(
                $"SELECT 1 FROM user_heads WHERE user_id = (SELECT id FROM users WHERE username = '{user}') FOR UPDATE", connection);
            await command.ExecuteNonQueryAsync(window);
            await context.PauseAsync(20, window);
        }
    }

    private static async Task<int?> BackendAsync(FaultContext context, CancellationToken window)
    {
        await using var connection = new NpgsqlConnection(context.Cluster.Postgres.ConnectionString);
        await connection.OpenAsync(window);
        await using var command = new NpgsqlCommand(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'chat' AND pid <> pg_backend_pid() LIMIT 1", connection);
        return await command.ExecuteScalarAsync(window) as int?;
    }

    private static async Task TryExecuteAsync(FaultContext context, string sql, CancellationToken window)
    {
        try
        {
            await context.Cluster.Postgres.ExecuteAsync(sql, window);
        }
        catch (NpgsqlException)
        {
            // It is still starting.
        }
    }
}
