using Chatable.Client;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

public sealed class ResetTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AfterAResetTheApplicationLoadsWhatLiesBetweenAndTheRestSurfaces()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var (credentials, store) = (new ChatCredentials(token), new InMemoryChatStore());
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);
        await using (var alice = await Member.StartAsync(name, token, store, [servers.A], _ct))
        {
            await alice.OnlineAsync(_ct);
            await bob.SendAsync(alice, "before", _ct);
            await alice.HasAsync(1, _ct);
        }

        var before = (await store.LoadAsync(_ct)).Cursor!.Value;
        await bob.Connection.SendAsync(name, "between", cancellationToken: _ct);
        await servers.ExecuteAsync("UPDATE log_epoch SET epoch = gen_random_uuid()", _ct);

        var (told, loaded) = (new List<(ChatReset To, ChatCursor? Stored)>(), new List<string>());
        await using var connection = servers.Library.CreateConnection(credentials, store, async (reset, cancellationToken) =>
        {
            told.Add((reset, (await store.LoadAsync(cancellationToken)).Cursor));
            if (told.Count == 1)
                throw new IOException("not now");
            loaded.AddRange(await ReadAllAsync(credentials, cancellationToken));
        });
        await connection.StartAsync(_ct);
        await Assert.ThrowsAsync<IOException>(() => TakeOneAsync(connection));
        var taking = TakeOneAsync(connection);
        await Eventually.HoldsAsync(async () => (await store.LoadAsync(_ct)).Cursor?.Epoch != before.Epoch, "the cursor moves", _ct);
        await bob.Connection.SendAsync(name, "after", cancellationToken: _ct);

        Assert.Equal(("after", 3L), (await taking) is { } taken ? (taken.Text, taken.Seq) : default);
        Assert.Equal(["before", "between"], loaded);
        Assert.Equal([(2L, before), (2L, before)], told.Select(one => (one.To.To.Seq, one.Stored!.Value)));
        Assert.Equal(new ChatCursor(told[1].To.To.Epoch, 3), (await store.LoadAsync(_ct)).Cursor);
    }

    private async Task<ChatMessage?> TakeOneAsync(ChatConnection connection)
    {
        await foreach (var message in connection.ReceiveAsync(_ct))
            return message;
        return null;
    }

    private async Task<IReadOnlyList<string>> ReadAllAsync(ChatCredentials credentials, CancellationToken cancellationToken)
    {
        var history = servers.Library.History(credentials);
        List<string> all = [];
        await foreach (var conversation in history.ConversationsAsync(cancellationToken))
        {
            await foreach (var message in history.MessagesAsync(conversation.Id, cancellationToken: cancellationToken))
                all.Add(message.Text);
        }

        return all;
    }
}
