using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using CsCheck;
using Npgsql;

namespace Chatable.Tests.Stores;

public sealed class MessagesPropertyTests(PostgresServer postgres)
{
    private const int Users = 5;

    // Few users and few client IDs: most batches share users with concurrent ones, and many entries are repeats.
    private static readonly Gen<Send> s_send = Gen.Select(
        Gen.Int[0, Users - 1], Gen.Int[0, Users - 1], Gen.Int[0, 25], (author, recipient, name) => new Send(author, recipient, name));

    private static readonly Gen<(Send[] Sends, int CancelAfter)> s_batch =
        Gen.Select(s_send.Array[1, 20], Gen.Frequency((3, Gen.Const(-1)), (1, Gen.Int[0, 3])));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WritersAtTheSameTimeLeaveDenseLogsAndNothingTwice()
    {
        await using var database = await MessagesDatabase.CreateAsync(postgres);
        var interrupted = 0;
        var (repeats, reused) = (0L, 0L);
        await s_batch.Array[2, 5].Array[2, 4].SampleAsync(
            async writers =>
            {
                var users = await database.AddUsersAsync(Users);
                var results = await Task.WhenAll(writers.Select(batches => Task.Run(() => WriteAsync(database, users, batches))));
                Interlocked.Add(ref interrupted, results.Sum(result => result.Interrupted));
                Interlocked.Add(ref repeats, results.Sum(result => result.Repeats));
                Interlocked.Add(ref reused, results.Sum(result => result.Reused));
                await AssertStoredOnceAsync(database, users, [.. writers.SelectMany(batches => batches).SelectMany(batch => batch.Sends)]);
            },
            iter: 40, threads: 2);

        await MessagesInvariants.AssertAsync(database);
        Assert.True(interrupted > 10, $"Only {interrupted} batches were interrupted.");
        Assert.True(repeats > 200, $"Only {repeats} repeats.");
        Assert.True(reused > 200, $"Only {reused} reused client IDs.");
    }

    // A conversation depends only on its own entries and their order: not on others between them, nor on the batch boundaries.
    [Fact]
    public async Task ConversationsDoNotDependOnHowTheyAreMixedNorOnHowTheyAreCutIntoBatches()
    {
        await using var database = await MessagesDatabase.CreateAsync(postgres);
        await Gen.Select(s_send.Array[1, 30], Gen.Int[0, int.MaxValue], Gen.Int[1, 12]).SampleAsync(
            async (sends, seed, cut) =>
            {
                // A client ID used in two conversations would belong to the one stored first.
                Send[] named = [.. sends.Select(send => send with { Name = send.Name / 5 * 5 + send.Recipient })];
                Assert.Equal(
                    await PersistAsync(database, named, named.Length),
                    await PersistAsync(database, Mix(named, new Random(seed)), cut));
            },
            iter: 40, threads: 2);
        await MessagesInvariants.AssertAsync(database);
    }

    // With separate users: each conversation's messages in order, with client IDs that both runs share.
    private static async Task<string[]> PersistAsync(MessagesDatabase database, Send[] sends, int batchSize)
    {
        var users = await database.AddUsersAsync(Users);
        foreach (var batch in sends.Chunk(batchSize))
            await database.Store.PersistAsync([.. batch.Select(send => send.ToEntry(users))], Token);

        var ids = $"ARRAY[{string.Join(",", users.Select(user => user.Id))}]::bigint[]";
        return await database.ScalarAsync<string[]>(
            $"""
            SELECT array_agg(concat_ws(' ', array_position({ids}, c.user_low), array_position({ids}, c.user_high), m.conversation_seq,
                                       array_position({ids}, m.author_id), m.client_id_text)
                             ORDER BY c.user_low, c.user_high, m.conversation_seq)
            FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.author_id = ANY ({ids})
            """);
    }

    // Another order that keeps the order of each conversation.
    private static Send[] Mix(Send[] sends, Random random)
    {
        var queues = sends.GroupBy(send => (Math.Min(send.Author, send.Recipient), Math.Max(send.Author, send.Recipient)))
            .Select(conversation => new Queue<Send>(conversation)).ToList();
        var mixed = new List<Send>(sends.Length);
        while (queues.Count > 0)
        {
            var queue = queues[random.Next(queues.Count)];
            mixed.Add(queue.Dequeue());
            if (queue.Count == 0)
                queues.Remove(queue);
        }

        return [.. mixed];
    }

    private static async Task<(int Interrupted, long Repeats, long Reused)> WriteAsync(
        MessagesDatabase database, UserRow[] users, (Send[] Sends, int CancelAfter)[] batches)
    {
        var (interrupted, repeats, reused) = (0, 0L, 0L);
        foreach (var (sends, cancelAfter) in batches)
        {
            var entries = sends.Select(send => send.ToEntry(users)).ToArray();
            if (cancelAfter >= 0)
                interrupted += await InterruptAsync(database, entries, cancelAfter);

            var first = await database.Store.PersistAsync(entries, Token);
            var second = await database.Store.PersistAsync(entries, Token);
            Assert.Equal(first.Select(PlaceOf), second.Select(PlaceOf));
            Assert.DoesNotContain(second, outcome => outcome is EntryStored);
            repeats += first.Count(outcome => outcome is CommandRepeated);
            reused += first.Count(outcome => outcome is CommandRefused);
        }

        return (interrupted, repeats, reused);
    }

    // Interrupted anywhere between the first lock and the commit: the batch is stored or not, and is then repeated like any other.
    private static async Task<int> InterruptAsync(MessagesDatabase database, IntakeEntry[] entries, int afterMilliseconds)
    {
        using var cut = new CancellationTokenSource(afterMilliseconds);
        try
        {
            await database.Store.PersistAsync(entries, cut.Token);
            return 0;
        }
        catch (Exception exception) when (exception is OperationCanceledException or NpgsqlException)
        {
            return 1;
        }
    }

    private static async Task AssertStoredOnceAsync(MessagesDatabase database, UserRow[] users, Send[] sends)
    {
        var ids = string.Join(",", users.Select(user => user.Id));
        var stored = await database.ScalarAsync<long>($"SELECT count(*) FROM messages WHERE author_id IN ({ids})");
        Assert.Equal(sends.Select(send => (send.Author, send.Name)).Distinct().Count(), stored);
    }

    private static (long, long, long) PlaceOf(IDispatch outcome) => outcome switch
    {
        EntryStored stored => (stored.Place().ConversationId, stored.Place().ConversationSeq, stored.Recipients[0].Seq),
        CommandRepeated repeated => (repeated.Place().ConversationId, repeated.Place().ConversationSeq, repeated.ActorSeq),
        // Another message of its author has this client ID.
        CommandRefused { Code: RefusalCode.KeyReused } => default,
        _ => throw new InvalidOperationException($"Refused: {outcome}"),
    };

    private readonly record struct Send(int Author, int Recipient, int Name)
    {
        public IntakeEntry ToEntry(UserRow[] users) => MessagesDatabase.Entry(users[Author], users[Recipient], $"name-{Name}");
    }
}
