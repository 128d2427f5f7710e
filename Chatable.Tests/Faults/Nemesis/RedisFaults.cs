using System.Globalization;
using Chatable.Tests.Support;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A Redis that restarts, loses data, stalls and is full.</summary>
internal static class RedisFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F8", "Redis restarts", "SIGTERM every 8 s, restart; append-only file with everysec", "servers register again within 15 s",
            RestartAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(10),
        },
        new("F10", "Redis loses everything", "FLUSHALL; or SIGKILL, the append-only file deleted, restart",
            "registry rebuilt; nothing acked is lost",
            ForgetAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(12),
        },
        new("F11", "Redis stalls", "DEBUG SLEEP, CLIENT PAUSE ALL, CLIENT PAUSE WRITE, 20 s each", "unavailable or unknown; no false ack",
            StallAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(80),
            Heal = (context, cancellationToken) => context.Cluster.Redis.WaitUntilWritableAsync(cancellationToken),
        },
        new("F12", "Redis is out of memory", "CONFIG SET maxmemory below what it uses", "busy; the intake drains all the same", FillAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            Heal = (context, cancellationToken) => context.Cluster.Redis.InsistAsync("CONFIG", ["SET", "maxmemory", "0"], cancellationToken),
        },
        new("F14", "Redis' connections are killed", "CLIENT KILL TYPE normal every 200 ms",
            "ambiguous appends are sent again; nothing twice",
            KillConnectionsAsync)
        {
            Holds = Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
        },
    ];

    private static async Task RestartAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            await context.Cluster.Redis.Node.EndAsync(Signals.Terminate, window);
            await context.Cluster.Redis.Node.RestartAsync(window);
            await context.PauseAsync(8, window);
        }
    }

    private static async Task ForgetAsync(FaultContext context, CancellationToken window)
    {
        var redis = context.Cluster.Redis;
        while (true)
        {
            redis.Order("FLUSHALL");
            await context.PauseAsync(5, window);
            await redis.Node.KillAsync(window);
            redis.DeleteData();
            await redis.Node.RestartAsync(window);
            await context.PauseAsync(5, window);
        }
    }

    private static async Task StallAsync(FaultContext context, CancellationToken window)
    {
        var redis = context.Cluster.Redis;
        string[][] stalls = [["DEBUG", "SLEEP", "20"], ["CLIENT", "PAUSE", "20000", "ALL"], ["CLIENT", "PAUSE", "20000", "WRITE"]];
        for (var i = context.Random.Next(stalls.Length); ; i++)
        {
            var stall = stalls[i % stalls.Length];
            redis.Order(stall[0], [.. stall[1..]]);
            await context.PauseAsync(25, window);
        }
    }

    private static async Task FillAsync(FaultContext context, CancellationToken window)
    {
        var redis = context.Cluster.Redis;
        while (true)
        {
            var used = (await redis.Server.InfoAsync("memory")).Single().Single(line => line.Key == "used_memory").Value;
            var less = long.Parse(used, CultureInfo.InvariantCulture) - 100_000;
            await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", less);
            await context.PauseAsync(4, window);
            await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
            await context.PauseAsync(2, window);
        }
    }

    private static async Task KillConnectionsAsync(FaultContext context, CancellationToken window)
    {
        while (true)
        {
            try
            {
                await context.Cluster.Redis.ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                // Sometimes our own connection is one of them.
            }

            await Task.Delay(200, window);
        }
    }
}
