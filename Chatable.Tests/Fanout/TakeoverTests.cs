using System.Diagnostics;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

public sealed class TakeoverTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    [Fact]
    public async Task TwoWorkersShareThePartitionsAndTheSurvivorOfAKillTakesAll()
    {
        var first = World.StartWorker("w1");
        await WaitForLeasesAsync(("w1", 16));
        World.StartWorker("w2");
        await WaitForLeasesAsync(("w1", 8), ("w2", 8));

        first.Kill();
        var killed = Stopwatch.StartNew();
        await WaitForLeasesAsync(("w2", 16));
        TestContext.Current.SendDiagnosticMessage("Takeover after a kill: {0}", killed.Elapsed);
        Assert.True(killed.Elapsed < TimeSpan.FromSeconds(15), $"It took {killed.Elapsed}.");
    }

    [Fact]
    public async Task WorkerToldToStopGivesItsPartitionsUpAtOnce()
    {
        var first = World.StartWorker("w1");
        World.StartWorker("w2");
        await WaitForLeasesAsync(("w1", 8), ("w2", 8));

        first.Terminate();
        var told = Stopwatch.StartNew();
        Assert.Equal(0, await first.WaitForExitAsync(Token));
        await WaitForLeasesAsync(("w2", 16));
        TestContext.Current.SendDiagnosticMessage("Takeover after a stop: {0}", told.Elapsed);
        // Well before the leases would expire.
        Assert.True(told.Elapsed < TimeSpan.FromSeconds(6), $"It took {told.Elapsed}.");
    }

    [Fact]
    public async Task OrderOfEveryConversationOutlivesWorkersThatAreKilled()
    {
        const int Rounds = 300;
        var users = await World.Database.AddUsersAsync(8);
        var sent = new List<IntakeEntry>();
        var workers = new Queue<WorkerProcess>([Start(1), Start(2)]);
        for (var round = 1; round <= Rounds; round++)
        {
            IntakeEntry[] entries = [.. users.Select(author => Entry(author, users[round % users.Length], $"{author.Id}-{round}"))];
            await World.SendAsync(entries);
            sent.AddRange(entries);
            if (round % 75 == 0)
            {
                await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() > sent.Count / 3);
                workers.Dequeue().Kill();
                workers.Enqueue(Start(round));
            }
        }

        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        var inOrder = await World.Database.ScalarAsync<string[]>(
            "SELECT array_agg(conversation_id || ' ' || client_id_text ORDER BY conversation_id, conversation_seq) FROM messages");
        Assert.Equal(sent.Count, inOrder.Length);
        AssertSameOrder(sent, inOrder);
        await MessagesInvariants.AssertAsync(World.Database);

        WorkerProcess Start(int number) =>
            World.StartWorker($"w{number}", ("Fanout__BatchSize", "20"), ("Fanout__LeaseDuration", "00:00:02"));
    }

    private static void AssertSameOrder(List<IntakeEntry> sent, string[] stored)
    {
        var expected = sent.GroupBy(entry => (Math.Min(entry.AuthorId, entry.RecipientId), Math.Max(entry.AuthorId, entry.RecipientId)))
            .Select(conversation => string.Join(' ', conversation.Select(entry => entry.ClientId.Text)));
        var actual = stored.Select(row => row.Split(' ')).GroupBy(row => row[0])
            .Select(conversation => string.Join(' ', conversation.Select(row => row[1])));
        Assert.Equal(expected.ToHashSet(), actual.ToHashSet());
    }

    private Task WaitForLeasesAsync(params (string Worker, int Partitions)[] expected) =>
        World.WaitForAsync(async () =>
            (await World.LeasesAsync()).OrderBy(one => one.Key).Select(one => (one.Key, one.Value)).SequenceEqual(expected));
}
