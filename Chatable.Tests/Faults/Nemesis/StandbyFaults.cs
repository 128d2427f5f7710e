using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A PostgreSQL whose commits wait for a standby, and the standby in its place at the end.</summary>
internal static class StandbyFaults
{
    // Longer than a worker waits for the answer to a commit.
    private const double Stall = 15;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F39", "a synchronous standby stalls, dies and is promoted",
            "SIGSTOP of all its processes for 15 s, and pg_terminate_backend of what waits for it; SIGKILL, restart; at the end the primary is "
            + "killed while the standby is frozen, and the standby promoted",
            "no ack meanwhile, and none of what the standby lacks: everything acked is on it", TroubleAsync)
        {
            Holds = Parts.Postgres,
            Cluster = new ClusterSettings { HasStandby = true },
            AtLeast = TimeSpan.FromSeconds(45),
            Heal = FailOverAsync,
        },
    ];

    private static async Task TroubleAsync(FaultContext context, CancellationToken window)
    {
        var postgres = context.Cluster.Postgres;
        var standby = postgres.Standby!;
        while (true)
        {
            standby.Freeze();
            await context.PauseAsync(Stall / 2, window);
            await postgres.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", window);
            await context.PauseAsync(Stall / 2, window);
            standby.Thaw();
            await context.PauseAsync(3, window);

            await standby.KillAsync(window);
            await context.PauseAsync(4, window);
            await standby.Node.RestartAsync(window);
            await context.PauseAsync(4, window);
        }
    }

    // What is committed while the standby is frozen dies with the primary: that is right for whatever has no ack.
    private static async Task FailOverAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var postgres = context.Cluster.Postgres;
        if (postgres.Standby is not { } standby)
            return;
        await postgres.WaitForStandbyAsync(cancellationToken);
        await context.PauseAsync(3, cancellationToken);
        standby.Freeze();
        await context.PauseAsync(Stall, cancellationToken);
        await postgres.FailOverAsync(cancellationToken);
    }
}
