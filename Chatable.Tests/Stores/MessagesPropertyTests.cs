using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using CsCheck;
using Npgsql;

namespace Chatable.Tests.Stores;

public sealed class MessagesPropertyTests(PostgresServer postgres)
{
    private const int Users = 5;

    // Few users and few client ids: most batches share users with others running at the same time, and many entries are repeats.
    private static readonly Gen<Send> s_send = Gen.Select(
        Gen.Int[0, Users - 1], Gen.Int[0, Users - 1], Gen.Int[0, 25], (author, recipient, name) => new Send(author, recipient, name));

    private static readonly Gen<(Send[] Sends, int CancelAfter)> s_batch =
        Gen.Select(s_send.Array[1, 20], Gen.Frequency((3, Gen.Const(-1)), (1, Gen.Int[0, 12])));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WritersAtTheSameTimeLeaveDenseLogsAndNothingTwice()
    {
        await using var database = await MessagesDatabase.CreateAsync(postgres);
        var interrupted = 0;
        var repeats = 0L;
        await s_batch.Array[2, 5].Array[2, 4].SampleAsync(
            async writers =>
            {
                var users = await database.AddUsersAsync(Users);
                var results = await Task.WhenAll(writers.Select(batches => Task.Run(() => WriteAsync(database, users, batches))));
                Interlocked.Add(ref interrupted, results.Sum(result => result.Interrupted));
                Interlocked.Add(ref repeats, results.Sum(result => result.Repeats));
                await AssertStoredOnceAsync(database, users, [.. writers.SelectMany(batches => batches).SelectMany(batch => batch.Sends)]);
            },
            iter: 40, threads: 2);

        await MessagesInvariants.AssertAsync(database);
        Assert.True(interrupted > 10, $"Only {interrupted} batches were interrupted.");
        Assert.True(repeats > 1_000, $"Only {repeats} repeats.");
    }

    private static async Task<(int Interrupted, long Repeats)> WriteAsync(
        MessagesDatabase database, UserRow[] users, (Send[] Sends, int CancelAfter)[] batches)
    {
        var (interrupted, repeats) = (0, 0L);
        foreach (var (sends, cancelAfter) in batches)
        {
            var entries = sends.Select(send => send.ToEntry(users)).ToArray();
            if (cancelAfter >= 0)
                interrupted += await InterruptAsync(database, entries, cancelAfter);

            var first = await database.Store.PersistAsync(entries, Token);
            var second = await database.Store.PersistAsync(entries, Token);
            Assert.Equal(first.Select(PlaceOf), second.Select(outcome => PlaceOf(Assert.IsType<MessageRepeated>(outcome))));
            repeats += first.Count(outcome => outcome is MessageRepeated);
        }

        return (interrupted, repeats);
    }

    // Cut off anywhere between the first lock and the commit: the batch is stored or not, and is then repeated like any other.
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

    private static (long, long, long) PlaceOf(Dispatch outcome) => outcome switch
    {
        MessageStored stored => (stored.Message.ConversationId, stored.Message.ConversationSeq, stored.Recipients[0].Seq),
        MessageRepeated repeated => (repeated.ConversationId, repeated.ConversationSeq, repeated.AuthorSeq),
        _ => throw new InvalidOperationException($"Refused: {outcome}"),
    };

    private readonly record struct Send(int Author, int Recipient, int Name)
    {
        public IntakeEntry ToEntry(UserRow[] users) => MessagesDatabase.Entry(users[Author], users[Recipient], $"name-{Name}");
    }
}
