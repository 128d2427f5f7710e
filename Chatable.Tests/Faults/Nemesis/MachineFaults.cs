using System.Diagnostics;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Slow and full disks, and too little of a machine's other resources.</summary>
internal static class MachineFaults
{
    private const double CpuPart = 0.2;
    private const int FewFiles = 900;
    private static readonly int[] s_clocks = [90, -90, -3600];

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F9", "Redis is killed while its disk is slow", "strace delays each fsync by 1.5 s; SIGKILL",
            "what is lost had no ack and is sent again",
            KillSlowRedisAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(12),
        },
        new("F13", "Redis' disk is full", "the append-only file on a tmpfs that is filled up", "unavailable; recovers when there is room",
            (context, window) => FillAsync(context, context.Cluster.Redis.Disk!, window))
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            Cluster = new ClusterSettings { RedisDisk = 16 },
            Heal = (context, _) => FreeAsync(context.Cluster.Redis.Disk!),
        },
        new("F21", "PostgreSQL's disk is full", "its data on a tmpfs that is filled up", "53100 is retried, or it restarts; no false ack",
            (context, window) => FillAsync(context, context.Cluster.Postgres.Disk!, window))
        {
            Holds = Parts.Postgres,
            Cluster = new ClusterSettings { PostgresDisk = 300 },
            Heal = (context, _) => FreeAsync(context.Cluster.Postgres.Disk!),
        },
        new("F28", "an API server may open few files",
            "prlimit --nofile=900 from its start, and 900 connections, half of which say nothing",
            "connections are refused, no crash; recovers", ExhaustFilesAsync)
        {
            Holds = Parts.ApiServers,
            AtLeast = TimeSpan.FromSeconds(15),
            Heal = GiveFilesBackAsync,
        },
        new("F29", "an API server has little memory", "restart with DOTNET_GCHeapHardLimit of 40 MB", "sheds or dies; nothing is lost",
            LimitMemoryAsync)
        {
            Holds = Parts.ApiServers,
            AtLeast = TimeSpan.FromSeconds(12),
            Heal = RestartApisAsync,
        },
        new("F30", "services get little CPU",
            "a control group with 20 % of a processor for each; where there is none, SIGSTOP and SIGCONT, 40 ms of 200",
            "slower; leases are not fatal",
            StarveAsync)
        {
            Holds = Parts.Processors,
            AtLeast = TimeSpan.FromSeconds(10),
        },
        new("F31", "clocks are wrong",
            "one API server, one worker and Redis, which now and then has lost everything, 90 s ahead, 90 s and 1 h behind",
            "order and dedupe do not go by clocks; nothing is deleted that nobody read", SkewAsync)
        {
            Holds = Parts.ApiServers | Parts.Workers | Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(20),
            Heal = RestartAllAsync,
        },
    ];

    private static async Task KillSlowRedisAsync(FaultContext context, CancellationToken window)
    {
        var node = context.Cluster.Redis.Node;
        while (true)
        {
            using var strace = Process.Start(
                "strace", ["-f", "-qq", "-o", "/dev/null", "-p", $"{node.ProcessId}", "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:delay_enter=1500000"]);
            await context.PauseAsync(5, window).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await node.KillAsync(CancellationToken.None);
            await strace.WaitForExitAsync(CancellationToken.None);
            window.ThrowIfCancellationRequested();
            await node.RestartAsync(window);
            await context.PauseAsync(4, window);
        }
    }

    private static async Task FillAsync(FaultContext context, SmallDisk disk, CancellationToken window)
    {
        while (true)
        {
            disk.Fill();
            await context.PauseAsync(4, window);
            disk.Free();
            await context.PauseAsync(3, window);
        }
    }

    private static Task FreeAsync(SmallDisk disk)
    {
        disk.Free();
        return Task.CompletedTask;
    }

    private static async Task ExhaustFilesAsync(FaultContext context, CancellationToken window)
    {
        var api = context.Pick(context.Cluster.Apis);
        await api.Node.EndAsync(Signals.Terminate, window);
        api.Node.Starter = ["prlimit", $"--nofile={FewFiles}:{FewFiles}"];
        await api.Node.RestartAsync(window);
        while (true)
        {
            await using (var crowd = new RawCrowd())
            {
                await crowd.ConnectAsync(api.DirectAddress, FewFiles, window);
                await context.PauseAsync(6, window);
            }

            await context.PauseAsync(3, window);
            context.Expect(await ServesAsync(api, window), $"{api.Node.Name} does not serve after the crowd is gone");
        }
    }

    private static async Task<bool> ServesAsync(Service api, CancellationToken window)
    {
        using var client = new HttpClient();
        try
        {
            return (await client.GetAsync(new Uri($"http://{api.DirectAddress}/alive"), window)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task GiveFilesBackAsync(FaultContext context, CancellationToken cancellationToken)
    {
        foreach (var node in context.Cluster.Apis.Select(api => api.Node).Where(node => node.Starter.Length > 0))
        {
            node.Starter = [];
            await node.EndAsync(Signals.Terminate, cancellationToken);
            await node.RestartAsync(cancellationToken);
        }
    }

    private static async Task LimitMemoryAsync(FaultContext context, CancellationToken window)
    {
        var node = context.Cluster.Apis[0].Node;
        await node.EndAsync(Signals.Terminate, window);
        while (true)
        {
            await node.StartAsync(window, mayCrash: true, ("DOTNET_GCHeapHardLimit", "0x2800000"));
            await node.WaitForExitAsync(window);
        }
    }

    private static async Task StarveAsync(FaultContext context, CancellationToken window)
    {
        await using var quota = CpuQuota.TryCreate(CpuPart * context.Cluster.Services.Count());
        if (quota is null)
        {
            await StarveBySignalsAsync(context, window);
            return;
        }

        foreach (var id in context.Cluster.Services.Select(service => service.Node.ProcessId).OfType<int>())
            quota.Add(id);
        await Task.Delay(Timeout.Infinite, window);
    }

    private static async Task StarveBySignalsAsync(FaultContext context, CancellationToken window)
    {
        Node[] nodes = [context.Pick(context.Cluster.Apis).Node, context.Pick(context.Cluster.Workers).Node];
        while (true)
        {
            foreach (var node in nodes)
                node.Freeze();
            await Task.Delay(TimeSpan.FromMilliseconds(200 * (1 - CpuPart)), window);
            foreach (var node in nodes)
                node.Thaw();
            await Task.Delay(TimeSpan.FromMilliseconds(200 * CpuPart), window);
        }
    }

    // Only the wall clock is wrong. FORCE_MONOTONIC_FIX stays off: with it, Debian's default, libfaketime adds its offset to waits on the
    // monotonic clock, and every Monitor.TryEnter or Thread.Sleep of the runtime returns at once.
    private static (string, string)[] WrongClock(string library, int seconds) =>
        [("LD_PRELOAD", library), ("FAKETIME", $"{seconds:+0;-0}s"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("FAKETIME_FORCE_MONOTONIC_FIX", "0")];

    private static async Task SkewAsync(FaultContext context, CancellationToken window)
    {
        var library = Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new InvalidOperationException("libfaketime is not on this machine: eng/fault-tools.sh installs it.");
        for (var i = 0; ; i++)
        {
            await SkewRedisAsync(context.Cluster.Redis, s_clocks[i % s_clocks.Length], loses: i % 2 == 0, window);
            foreach (var node in new[] { context.Pick(context.Cluster.Apis).Node, context.Pick(context.Cluster.Workers).Node })
            {
                await node.EndAsync(Signals.Terminate, window);
                await node.RestartAsync(window, WrongClock(library, s_clocks[i % s_clocks.Length]));
            }

            await context.PauseAsync(5, window);
        }
    }

    private static async Task SkewRedisAsync(FaultRedis redis, int seconds, bool loses, CancellationToken window)
    {
        var clock = await redis.WrongClockAsync(seconds, window);
        await redis.Node.KillAsync(window);
        if (loses)
            redis.DeleteData();
        await redis.Node.RestartAsync(window, clock);
    }

    private static Task RestartApisAsync(FaultContext context, CancellationToken cancellationToken) =>
        RestartAsync(context.Cluster.Apis, cancellationToken);

    private static async Task RestartAllAsync(FaultContext context, CancellationToken cancellationToken)
    {
        await context.Cluster.Redis.Node.EndAsync(Signals.Terminate, cancellationToken);
        await context.Cluster.Redis.Node.RestartAsync(cancellationToken);
        await RestartAsync(context.Cluster.Services, cancellationToken);
    }

    private static async Task RestartAsync(IEnumerable<Service> services, CancellationToken cancellationToken)
    {
        foreach (var service in services)
        {
            await service.Node.EndAsync(Signals.Terminate, cancellationToken);
            await service.Node.RestartAsync(cancellationToken);
        }
    }
}
