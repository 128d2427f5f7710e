using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Client.Connections;
using Chatable.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

public sealed class TokenExchangeTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private const string Refresh = "POST /api/auth_token/refresh";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<ChatToken> _stored = [];

    [Fact]
    public async Task ConnectionsOfOneDeviceExchangeItsTokenOnce()
    {
        await using var gateway = new Gateway(servers.A);
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });
        var (name, credentials) = await RegisterDueAsync();
        await using var one = await StartAsync(gateway, name, credentials);
        await using var other = await StartAsync(gateway, name, credentials);
        await using var third = await StartAsync(gateway, name, credentials);

        await one.OnlineAsync(_ct);
        await other.OnlineAsync(_ct);
        await third.OnlineAsync(_ct);

        Assert.Equal(1, gateway.Count(Refresh));
        Assert.Equal(credentials.Token, Assert.Single(_stored));
    }

    [Fact]
    public async Task AnExchangeWithoutAnAnswerIsRepeated()
    {
        var lost = 2;
        await using var gateway = new Gateway(servers.A)
        {
            Rule = request => Task.FromResult(request == Refresh && Interlocked.Decrement(ref lost) >= 0 ? "" : null),
        };
        var (name, credentials) = await RegisterDueAsync();
        await using var alice = await StartAsync(gateway, name, credentials);
        await alice.OnlineAsync(_ct);
        // Before the token expires, each connection tries the exchange once.
        for (var connection = 2; connection <= 3; connection++)
        {
            await alice.DisposeAsync();
            await using var next = await StartAsync(gateway, name, credentials);
            await next.OnlineAsync(_ct);
        }

        Assert.Equal(3, gateway.Count(Refresh));
        Assert.Equal(credentials.Token, Assert.Single(_stored));
    }

    [Fact]
    public async Task AnExchangeThatHasBegunIsFinishedAlthoughItsConnectionIsDisposed()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<string?>();
        await using var gateway = new Gateway(servers.A)
        {
            Rule = request =>
            {
                if (request != Refresh)
                    return Task.FromResult<string?>(null);
                asked.TrySetResult();
                return answer.Task;
            },
        };
        var (name, credentials) = await RegisterDueAsync();
        var old = credentials.Token;
        var alice = await StartAsync(gateway, name, credentials);
        await asked.Task.WaitAsync(_ct);

        var disposing = alice.Connection.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);
        answer.SetResult(null);
        await disposing;
        await alice.DisposeAsync();

        Assert.NotEqual(old.AccessKeyId, credentials.Token.AccessKeyId);
        Assert.Equal(credentials.Token, Assert.Single(_stored));
        Assert.Equal(ChatStopReason.Disposed, alice.Connection.Status.Reason);
    }

    [Fact]
    public async Task ATokenThatCannotBeStoredIsNotUsedAndTheOldOneStays()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var credentials = new ChatCredentials(token with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) })
        {
            Refreshed = (_, _) => throw new IOException("no room"),
        };
        var before = credentials.Token;
        await using var alice = await Member.StartAsync(name, credentials, new InMemoryChatStore(), [servers.A], _ct);
        await Eventually.HoldsAsync(() => Task.FromResult(alice.Connection.Status.State == ChatState.Stopped), "the connection stops", _ct);

        Assert.Equal(ChatStopReason.CallbackFailed, alice.Connection.Status.Reason);
        Assert.Equal(before, credentials.Token);
    }

    [Fact]
    public async Task ATokenIsExchangedAheadAlsoAfterItsTimeWasMissedOffline()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var offline = false;
        await using var gateway = new Gateway(upstream: null)
        {
            Rule = _ => Task.FromResult<string?>(Volatile.Read(ref offline) ? "" : TokenAnswer(time.GetUtcNow() + TimeSpan.FromHours(2))),
        };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address }, clock: time);
        var credentials = new ChatCredentials(new ChatToken("a", "s", "r", time.GetUtcNow() + TimeSpan.FromHours(1)));
        var clock = new ServerClock(time);
        var tokens = new TokenRefresh(client.Accounts, credentials, clock, time);

        await tokens.RefreshIfDueAsync(_ct);
        Assert.Single(gateway.Requests);
        // Half of its lifetime has passed, and no server was reached since it was issued.
        Volatile.Write(ref offline, true);
        time.Advance(TimeSpan.FromMinutes(70));
        await tokens.RefreshIfDueAsync(_ct);
        await tokens.RefreshIfDueAsync(_ct);
        Assert.Equal(3, gateway.Requests.Count);
        Volatile.Write(ref offline, false);
        await tokens.RefreshIfDueAsync(_ct);
        Assert.Equal(4, gateway.Requests.Count);
        await tokens.RefreshIfDueAsync(_ct);
        Assert.Equal(4, gateway.Requests.Count);
        Assert.Equal(TimeSpan.FromHours(1), tokens.ConnectionLimit);
    }

    private static string TokenAnswer(DateTimeOffset end) => Gateway.Answer("200 OK",
        $$"""{"data":[{"access_key_id":"{{Guid.NewGuid()}}","secret_access_key":"s","refresh_token":"r","expires_at":"{{end:O}}"}]}""");

    private async Task<(string Name, ChatCredentials Credentials)> RegisterDueAsync()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        return (name, new ChatCredentials(token with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) })
        {
            Refreshed = (next, _) =>
            {
                _stored.Enqueue(next);
                return ValueTask.CompletedTask;
            },
        });
    }

    private Task<Member> StartAsync(Gateway gateway, string name, ChatCredentials credentials) =>
        Member.StartAsync(name, credentials, new InMemoryChatStore(), [gateway.Address], _ct);
}
