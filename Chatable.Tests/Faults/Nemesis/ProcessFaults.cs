using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>API servers and workers that die, freeze and are replaced.</summary>
internal static class ProcessFaults
{
    private static readonly string[] s_workerSteps =
        ["before_commit", "within_commit", "after_commit", "before_publish", "within_publish", "after_publish"];
    private static readonly string[] s_apiSteps = ["after_read", "after_xadd", "after_push"];

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F1", "an API server dies", "SIGKILL of a random one every 5 s, restart", "clients resume elsewhere, within 5 s",
            (context, window) => KillInTurnAsync(context, context.Cluster.Apis, 5, window))
        {
            Holds = Parts.ApiServers,
        },
        new("F2", "a worker dies", "SIGKILL of a random one every 3 s, restart", "the other takes over within 10 s; order holds",
            (context, window) => KillInTurnAsync(context, context.Cluster.Workers, 3, window))
        {
            Holds = Parts.Workers,
        },
        new("F3", "all workers are dead", "SIGKILL of both for the whole window", "no acks; drained after the restart",
            KillAllWorkersAsync)
        {
            // Nothing is sent over their links.
            Holds = Parts.Workers | Parts.WorkerRedisLinks | Parts.WorkerPostgresLinks,
            AtLeast = TimeSpan.FromSeconds(30),
        },
        new("F4", "a worker dies at each step of a batch", string.Join(", ", s_workerSteps),
            "the batch is read again; nothing twice, nothing lost",
            (context, window) => CrashAsync(context, context.Cluster.Workers, s_workerSteps, window))
        {
            Holds = Parts.Workers,
            AtLeast = TimeSpan.FromSeconds(10),
            Heal = (context, cancellationToken) => DisarmAsync(context.Cluster.Workers, cancellationToken),
        },
        new("F5", "an API server dies at each step of a message", string.Join(", ", s_apiSteps),
            "resent with the same client_id, stored once",
            (context, window) => CrashAsync(context, context.Cluster.Apis, s_apiSteps, window))
        {
            Holds = Parts.ApiServers,
            AtLeast = TimeSpan.FromSeconds(10),
            Heal = (context, cancellationToken) => DisarmAsync(context.Cluster.Apis, cancellationToken),
        },
        new("F6", "a worker is a zombie", "SIGSTOP for longer than its leases, SIGCONT", "no reordering, nothing twice",
            (context, window) => FreezeAsync(context, context.Cluster.Workers, 30, window))
        {
            Holds = Parts.Workers,
            AtLeast = TimeSpan.FromSeconds(36),
        },
        new("F7", "an API server is a zombie", "SIGSTOP until its lease has ended and its queue is reaped, SIGCONT",
            "clients go elsewhere; afterwards it registers again",
            (context, window) => FreezeAsync(context, context.Cluster.Apis, 50, window))
        {
            Holds = Parts.ApiServers,
            AtLeast = TimeSpan.FromSeconds(60),
        },
        new("F32", "a rolling deploy", "SIGTERM of each service in turn, restart", "1012, nothing surfaces", DeployAsync)
        {
            Holds = Parts.ApiServers | Parts.Workers,
            AtLeast = TimeSpan.FromSeconds(20),
        },
    ];

    private static async Task KillInTurnAsync(
        FaultContext context, IReadOnlyList<Service> services, double every, CancellationToken window)
    {
        while (true)
        {
            var victim = context.Pick(services).Node;
            await victim.KillAsync(window);
            await Task.WhenAll(victim.RestartAsync(window), context.PauseAsync(every, window));
        }
    }

    private static async Task KillAllWorkersAsync(FaultContext context, CancellationToken window)
    {
        foreach (var worker in context.Cluster.Workers)
            await worker.Node.KillAsync(window);
        await Task.Delay(Timeout.Infinite, window);
    }

    // It crashes the nth time it reaches the step, so that it is not always the first batch that is hit.
    private static async Task CrashAsync(
        FaultContext context, IReadOnlyList<Service> services, string[] steps, CancellationToken window)
    {
        for (var i = context.Random.Next(steps.Length); ; i++)
        {
            var victim = context.Pick(services);
            await victim.Node.EndAsync(Signals.Terminate, window);
            victim.CrashAt = $"{steps[i % steps.Length]}:{context.Random.Next(1, 30)}";
            try
            {
                await victim.Node.StartAsync(window, mayCrash: true);
            }
            finally
            {
                // Only for this life: the window may end before it has started.
                victim.CrashAt = "";
            }

            await victim.Node.WaitForExitAsync(window);
            await victim.Node.RestartAsync(window);
        }
    }

    // A process that has not reached its step often enough could crash after the fault is over.
    private static async Task DisarmAsync(IReadOnlyList<Service> services, CancellationToken cancellationToken)
    {
        foreach (var service in services.Where(service => service.Node.MayCrash))
        {
            await service.Node.EndAsync(Signals.Terminate, cancellationToken);
            await service.Node.RestartAsync(cancellationToken);
        }
    }

    private static async Task FreezeAsync(
        FaultContext context, IReadOnlyList<Service> services, double seconds, CancellationToken window)
    {
        while (true)
        {
            var victim = context.Pick(services).Node;
            victim.Freeze();
            try
            {
                await context.PauseAsync(seconds, window);
            }
            finally
            {
                victim.Thaw();
            }

            await context.PauseAsync(3, window);
        }
    }

    private static async Task DeployAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            foreach (var service in context.Cluster.Services)
            {
                await service.Node.EndAsync(Signals.Terminate, window);
                await service.Node.RestartAsync(window);
            }
        }
    }
}
