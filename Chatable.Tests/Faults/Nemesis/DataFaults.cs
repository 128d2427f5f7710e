using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Entries in the intake that can never be stored, and tails of it that are lost.</summary>
internal static class DataFaults
{
    private const int Partitions = 16;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F33", "poison in the intake", "raw XADD of garbage, of nothing, of half an entry, of NUL, of unknown users and of a huge body",
            "each becomes a dead letter; its partition goes on", PoisonAsync)
        {
            Heal = AssertDeadLettersAsync,
        },
        new("F10T", "Redis loses the tail of the intake", "workers frozen, the newest entries deleted, workers thawed",
            "later messages do not overtake the lost ones (the after guard)", LoseTailAsync)
        {
            AtLeast = TimeSpan.FromSeconds(10),
        },
    ];

    private static async Task PoisonAsync(FaultContext context, CancellationToken window)
    {
        var database = context.Cluster.Redis.Database;
        var users = context.Traffic.Users;
        await using var source = NpgsqlDataSource.Create(context.Cluster.Postgres.ConnectionString);
        await using var command = source.CreateCommand($"SELECT id FROM users WHERE username = '{users[0].Username}'");
        var user = (long)(await command.ExecuteScalarAsync(window))!;
        for (var i = 0; ; i++)
        {
            var partition = context.Random.Next(Partitions);
            await database.StreamAddAsync(
                $"in:{{{partition}}}", i % 7 == 0 ? [new NameValueEntry("other", "field")] : [new NameValueEntry("m", Poison(i, user))]);
            await context.PauseAsync(0.2, window);
        }
    }

    private static byte[] Poison(int i, long user) => (i % 7) switch
    {
        1 => [],
        2 => [0xff, 0xfe, 0x00, 0x01],
        3 => Entry(user, user, "cut off")[..40],
        4 => Entry(user, user, "nul \0 in it"),
        5 => Entry(user, 1_000_000_000, "to nobody"),
        _ => Entry(user, user, new string('z', 100_000)),
    };

    private static byte[] Entry(long author, long recipient, string body) => new IntakeEntry
    {
        MessageId = Guid.CreateVersion7(),
        ClientId = ClientId.New(),
        AuthorId = author,
        Author = "nobody",
        RecipientId = recipient,
        Recipient = "nobody",
        Body = System.Text.Encoding.UTF8.GetBytes(body),
        Origin = new Origin(Guid.NewGuid(), 1),
    }.Encode();

    private static async Task AssertDeadLettersAsync(FaultContext context, CancellationToken cancellationToken)
    {
        // In a mix another fault may have taken Redis down, and our own connection is not back yet.
        await context.Cluster.Redis.InsistAsync("PING", [], cancellationToken);
        long letters = 0;
        for (var partition = 0; partition < Partitions; partition++)
            letters += await context.Cluster.Redis.Database.StreamLengthAsync($"dlq:{{{partition}}}");
        context.Expect(letters > 0, "nothing has become a dead letter");
    }

    // What a crash or a failover of Redis takes away while sockets and servers live on.
    private static async Task LoseTailAsync(FaultContext context, CancellationToken window)
    {
        var (cluster, database) = (context.Cluster, context.Cluster.Redis.Database);
        while (true)
        {
            foreach (var worker in cluster.Workers)
                worker.Node.Freeze();
            await context.PauseAsync(1, window);
            for (var partition = 0; partition < Partitions; partition++)
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
