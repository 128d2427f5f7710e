using System.Globalization;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.Tests.Faults.Cluster;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Entries in the intake that can never be stored, and lost ends of the intake.</summary>
internal static class DataFaults
{
    // Allowed without free memory, so that poison also arrives then.
    private const string AddPoison = "#!lua flags=allow-oom\nreturn redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])";

    // Not the name of a user.
    private const string Nobody = "nobody";

    private const int HalfAnEntry = 40;
    private static readonly byte[] s_garbage = [0xff, 0xfe, 0x00, 0x01];
    private static readonly TimeSpan s_putAside = TimeSpan.FromSeconds(10);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F33", "poison in the intake", "raw XADD of garbage, of nothing, of half an entry, of NUL, of unknown users and of a huge body",
            "each becomes a dead letter; its partition goes on", PoisonAsync)
        {
            Holds = Parts.Intake | Parts.Redis,
            Heal = AssertDeadLettersAsync,
        },
        new("F42", "poison in the intake of a Redis that is out of memory", "as F33, while maxmemory is below what it uses",
            "each becomes a dead letter though there is no memory; its partition goes on", PoisonWithoutMemoryAsync)
        {
            Holds = Parts.Intake | Parts.Redis,
            RevocationSeen = Fault.RevocationAsked,
            AtLeast = TimeSpan.FromSeconds(12),
            Heal = async (context, cancellationToken) =>
            {
                await context.Cluster.Redis.InsistAsync("CONFIG", ["SET", "maxmemory", "0"], cancellationToken);
                await AssertDeadLettersAsync(context, cancellationToken);
            },
        },
        new("F10T", "Redis loses the tail of the intake", "workers frozen, the newest entries deleted, workers thawed",
            "later messages do not overtake the lost ones (the after guard)", LoseTailAsync)
        {
            Holds = Parts.Intake | Parts.Redis | Parts.Workers,
            AtLeast = TimeSpan.FromSeconds(10),
        },
    ];

    private static async Task PoisonAsync(FaultContext context, CancellationToken window)
    {
        var user = await FindUserAsync(context, window);
        for (var i = 0; ; i++)
        {
            await AddAsync(context, i, user);
            await context.PauseAsync(0.2, window);
        }
    }

    private static async Task PoisonWithoutMemoryAsync(FaultContext context, CancellationToken window)
    {
        var redis = context.Cluster.Redis;
        var user = await FindUserAsync(context, window);
        for (var i = 0; ;)
        {
            var used = (await redis.Server.InfoAsync("memory")).Single().Single(line => line.Key == "used_memory").Value;
            await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", long.Parse(used, CultureInfo.InvariantCulture) - 100_000);
            List<(RedisKey Log, RedisValue Id)> poison = [];
            for (var last = i + 14; i < last; i++)
            {
                poison.Add(await AddAsync(context, i, user));
                await context.PauseAsync(0.2, window);
            }

            await ExpectPutAsideAsync(context, poison, window);
            await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
            await context.PauseAsync(2, window);
        }
    }

    private static async Task ExpectPutAsideAsync(
        FaultContext context, List<(RedisKey Log, RedisValue Id)> poison, CancellationToken window)
    {
        var late = Environment.TickCount64 + s_putAside.TotalMilliseconds;
        foreach (var (log, id) in poison)
        {
            while ((await context.Cluster.Redis.Database.StreamRangeAsync(log, id, id)).Length > 0)
            {
                if (Environment.TickCount64 > late)
                {
                    context.Expect(holds: false, $"entry {id} was still in {log} after {s_putAside.TotalSeconds} s without memory");
                    return;
                }

                await Task.Delay(50, window);
            }
        }
    }

    private static async Task<long> FindUserAsync(FaultContext context, CancellationToken window)
    {
        await using var source = NpgsqlDataSource.Create(context.Cluster.Postgres.ConnectionString);
        await using var command = source.CreateCommand(
            $"SELECT id FROM users WHERE username = '{context.Traffic.Users[0].Username}'");
        return (long)(await command.ExecuteScalarAsync(window))!;
    }

    private static async Task<(RedisKey Log, RedisValue Id)> AddAsync(FaultContext context, int i, long user)
    {
        RedisKey log = $"in:{{{context.Random.Next(FaultCluster.Partitions)}}}";
        return (log, (RedisValue)await context.Cluster.Redis.Database.ScriptEvaluateAsync(AddPoison, [log], Fields(i, user)));
    }

    /// <summary>The name and value of an entry's only field: seven kinds of poison in turn.</summary>
    public static RedisValue[] Fields(int i, long user) => i % 7 == 0 ? ["other", "field"] : ["m", Poison(i, user)];

    private static byte[] Poison(int i, long user) => (i % 7) switch
    {
        1 => [],
        2 => s_garbage,
        3 => Entry(user, user, "cut off")[..HalfAnEntry],
        4 => Entry(user, user, "nul \0 in it"),
        5 => Entry(user, 1_000_000_000, "to nobody"),
        _ => Entry(user, user, new string('z', 100_000)),
    };

    private static byte[] Entry(long author, long recipient, string body) => new IntakeEntry
    {
        MessageId = Guid.CreateVersion7(),
        ClientId = ClientId.New(),
        AuthorId = author,
        Author = Nobody,
        RecipientId = recipient,
        Recipient = Nobody,
        Body = System.Text.Encoding.UTF8.GetBytes(body),
        Origin = new Origin(Guid.NewGuid(), 1),
    }.Encode();

    /// <summary>Whether a dead letter was made here and is not a user's message.</summary>
    public static bool IsPoison(StreamEntry letter)
    {
        var payload = (byte[]?)letter["m"];
        if (payload is null)
            return letter["other"] == "field";
        return IntakeEntry.TryDecode(payload, out var entry)
            ? entry.Author == Nobody
            : payload.Length is 0 or HalfAnEntry || payload.AsSpan().SequenceEqual(s_garbage);
    }

    private static async Task AssertDeadLettersAsync(FaultContext context, CancellationToken cancellationToken)
    {
        // In a mix, another fault may have stopped Redis, and our own connection may not be back yet.
        await context.Cluster.Redis.InsistAsync("PING", [], cancellationToken);
        long letters = 0;
        for (var partition = 0; partition < FaultCluster.Partitions; partition++)
            letters += await context.Cluster.Redis.Database.StreamLengthAsync($"dlq:{{{partition}}}");
        context.Expect(letters > 0, "no entry became a dead letter");
    }

    // What a crash or failover of Redis loses while sockets and servers stay up.
    private static async Task LoseTailAsync(FaultContext context, CancellationToken window)
    {
        var (cluster, database) = (context.Cluster, context.Cluster.Redis.Database);
        while (true)
        {
            foreach (var worker in cluster.Workers)
                worker.Node.Freeze();
            await context.PauseAsync(1, window);
            for (var partition = 0; partition < FaultCluster.Partitions; partition++)
            {
                RedisKey key = $"in:{{{partition}}}";
                var tail = await database.StreamRangeAsync(key, count: context.Random.Next(1, 6), messageOrder: Order.Descending);
                if (tail.Length > 0)
                    await database.StreamDeleteAsync(key, [.. tail.Select(entry => entry.Id)]);
            }

            await context.PauseAsync(0.5, window);
            foreach (var worker in cluster.Workers)
                worker.Node.Thaw();
            await context.PauseAsync(4, window);
        }
    }
}
