using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Client.Connections;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

public sealed class TokenEndTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ATokenThatEndsUnderAConnectionIsExchangedOnceAndTheConversationGoesOn()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var (fresh, closes) = (new ConcurrentQueue<ChatToken>(), new ConcurrentQueue<int?>());
        var credentials = new ChatCredentials(token)
        {
            Refreshed = (next, _) =>
            {
                fresh.Enqueue(next);
                return ValueTask.CompletedTask;
            },
        };
        // The server uses the expiry it read at the handshake. A token that has expired in the database can no longer be exchanged.
        await SetEndAsync(name, "10 seconds");
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);
        await using var alice = await Member.StartAsync(name, credentials, new InMemoryChatStore(), [servers.A], _ct);
        alice.Connection.StatusChanged += status => closes.Enqueue(status.CloseCode);
        await alice.OnlineAsync(_ct);
        await SetEndAsync(name, "1 day");
        await bob.SendAsync(alice, "to the old token", _ct);

        await Eventually.HoldsAsync(() => Task.FromResult(!fresh.IsEmpty), "the client has a new token", _ct);
        await alice.SendAsync(bob, "with the new token", _ct);
        await bob.SendAsync(alice, "to the new token", _ct);
        await alice.HasAsync(2, _ct);

        Assert.Contains(4401, closes);
        Assert.Equal(credentials.Token, Assert.Single(fresh));
        Assert.NotEqual(token.AccessKeyId, credentials.Token.AccessKeyId);
        Assert.Equal(["to the old token", "to the new token"], alice.Texts);
        Assert.Equal(["with the new token"], bob.Texts);
    }

    [Fact]
    public async Task ATokenThatSomebodyElseHasExchangedEndsTheConnection()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        using var gate = new RefreshGate();
        var options = new ChatableClientOptions { Urls = { servers.A } };
        var client = new ChatableClient(ServerAddresses.Of(options.Servers), options.Connection, new HttpClient(gate), loggers: null, clock: null);
        await using var alice = await Member.StartAsync(name, client, new ChatCredentials(token), new InMemoryChatStore(), _ct);
        await alice.OnlineAsync(_ct);

        using var other = new ChatableClient(options);
        var successor = new ChatCredentials(await other.Accounts.RefreshAsync(token, _ct));
        // The first use of the new token voids the old refresh token. The closed connection must not exchange it earlier.
        await other.History(successor).ConversationsAsync(_ct).GetAsyncEnumerator(_ct).MoveNextAsync();
        gate.Open();
        await Eventually.HoldsAsync(() => Task.FromResult(alice.Connection.Status.State == ChatState.Stopped), "the connection stops", _ct);

        Assert.Equal(new ChatStatus(ChatState.Stopped, ChatStopReason.Unauthenticated, 4401), alice.Connection.Status);
        var thrown = await Assert.ThrowsAsync<ChatStoppedException>(async () =>
        {
            await alice.Connection.SendAsync(name, "?", cancellationToken: _ct);
        });
        Assert.Equal(ChatStopReason.Unauthenticated, thrown.Status.Reason);
    }

    /// <summary>Holds back the token exchange until it is opened.</summary>
    private sealed class RefreshGate() : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _opened.TrySetResult();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/refresh", StringComparison.Ordinal))
                await _opened.Task.WaitAsync(cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }

    private Task SetEndAsync(string name, string from) => servers.ExecuteAsync(
        $"UPDATE auth_tokens SET expires_at = now() + interval '{from}' FROM users WHERE users.id = user_id AND username = '{name}'", _ct);
}
