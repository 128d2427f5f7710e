using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A PostgreSQL whose commits wait for a standby, which is promoted at the end.</summary>
internal static class StandbyFaults
{
    // Longer than a worker waits for the response to a commit.
    private const double Stall = 15;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F39", "a synchronous standby stalls, dies and is promoted",
            "SIGSTOP of all its processes for 15 s, and pg_terminate_backend of what waits for it; SIGKILL, restart; at the end the link "
            + "to the standby swallows everything for 15 s, the primary is killed, and the standby promoted",
            "no ack meanwhile, and none of what the standby lacks: everything acked is on it", TroubleAsync)
        {
            Holds = Parts.Postgres,
            Cluster = new ClusterSettings { HasSynchronousStandby = true },
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

    // A frozen standby would still read what the primary had sent to its socket. On this link, no commit reaches it. Those commits die
    // with the primary, which is right because they have no ack.
    private static async Task FailOverAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var postgres = context.Cluster.Postgres;
        if (postgres.Standby is null)
            return;
        await postgres.WaitForStandbyAsync(cancellationToken);
        await context.PauseAsync(3, cancellationToken);
        postgres.ToStandby.Down = new Toxics { BlackHole = true };
        await context.PauseAsync(Stall, cancellationToken);
        await postgres.FailOverAsync(cancellationToken);
    }
}
