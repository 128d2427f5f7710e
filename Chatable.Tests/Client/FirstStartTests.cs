using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>A device with an empty store, whose user already has messages.</summary>
public sealed class FirstStartTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ByDefaultItGetsWhatWasStoredBeforeAndThenWhatComes()
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await RegisterWithMessagesAsync(bob);

        await using var alice = await StartAsync(name, token, _ => { });
        await alice.HasAsync(3, _ct);
        await bob.SendAsync(alice, "new", _ct);
        await alice.HasAsync(4, _ct);

        Assert.Equal(["1", "2", "3", "new"], alice.Texts);
    }

    [Fact]
    public async Task ALongLogIsReplayedWhereNothingCouldBeLoadedInstead()
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await RegisterWithMessagesAsync(bob);

        await using var alice = await StartAsync(name, token, options => options.Connection.MaxReplay = 2);
        await alice.HasAsync(3, _ct);

        Assert.Equal(["1", "2", "3"], alice.Texts);
    }

    [Fact]
    public async Task FromNowOnIsAChoice()
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await RegisterWithMessagesAsync(bob);

        await using var alice = await StartAsync(name, token, options => options.Connection.Start = ChatStart.Now);
        await alice.OnlineAsync(_ct);
        await bob.SendAsync(alice, "new", _ct);
        await alice.HasAsync(1, _ct);

        Assert.Equal(["new"], alice.Texts);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task ALongLogIsLoadedByItsHistoryAndAgainAfterADeathMeanwhile(int maxReplay, bool isLoaded)
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await RegisterWithMessagesAsync(bob);
        var (store, resets, loaded) = (new InMemoryChatStore(), new ConcurrentQueue<ChatReset>(), new ConcurrentQueue<string>());
        for (var life = 0; life < 2; life++)
        {
            using var client = new ChatableClient(new ChatableClientOptions { Url = servers.B, Connection = { MaxReplay = maxReplay } });
            var credentials = new ChatCredentials(token);
            await using var connection = client.CreateConnection(credentials, store, async (reset, cancellationToken) =>
            {
                resets.Enqueue(reset);
                if (resets.Count == 1)
                    throw new IOException("The process dies.");
                var history = client.History(credentials);
                await foreach (var conversation in history.ConversationsAsync(cancellationToken))
                {
                    await foreach (var message in history.MessagesAsync(conversation.Id, cancellationToken: cancellationToken))
                        loaded.Enqueue(message.Text);
                }
            });
            await connection.StartAsync(_ct);
            var taking = TakeAsync(connection);
            if (isLoaded && life == 0)
            {
                await Assert.ThrowsAsync<IOException>(() => taking);
                Assert.Null((await store.LoadAsync(_ct)).Cursor);
                continue;
            }

            await Eventually.HoldsAsync(async () => (await store.LoadAsync(_ct)).Cursor?.Seq >= 3, "the first three are taken", _ct);
            await bob.Connection.SendAsync(name, $"new in {life}", cancellationToken: _ct);
            await Eventually.HoldsAsync(async () => (await store.LoadAsync(_ct)).Cursor?.Seq == 4 + (isLoaded ? 0 : life), "it comes", _ct);
            await connection.DisposeAsync();
            Assert.Equal(
                isLoaded ? ["new in 1"] : life == 0 ? ["1", "2", "3", "new in 0"] : ["new in 1"], await taking);
        }

        Assert.Equal(isLoaded ? 2 : 0, resets.Count);
        Assert.All(resets, reset => Assert.Equal((3L, true), (reset.To.Seq, reset.IsFirst)));
        Assert.Equal(isLoaded ? ["1", "2", "3"] : [], loaded);
    }

    private async Task<List<string>> TakeAsync(ChatConnection connection)
    {
        var taken = new List<string>();
        await foreach (var message in connection.ReceiveAsync(_ct))
            taken.Add(message.Text);
        return taken;
    }

    private async Task<(string Name, ChatToken Token)> RegisterWithMessagesAsync(Member bob)
    {
        var user = await servers.RegisterAsync(_ct);
        for (var i = 1; i <= 3; i++)
            await bob.Connection.SendAsync(user.Name, $"{i}", cancellationToken: _ct);
        return user;
    }

    private Task<Member> StartAsync(string name, ChatToken token, Action<ChatableClientOptions> configure)
    {
        var options = new ChatableClientOptions { Url = servers.B };
        configure(options);
        return Member.StartAsync(name, new ChatableClient(options), new ChatCredentials(token), new InMemoryChatStore(), _ct);
    }
}
