using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

public sealed class TooManyConnectionsTests(TooManyConnectionsTests.Servers servers) : IClassFixture<TooManyConnectionsTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>Servers that allow each user one connection.</summary>
    public sealed class Servers(PostgresServer postgres) : ClientServers(postgres)
    {
        protected override (string Key, string Value)[] Settings => [("Realtime__SocketsPerUser", "1")];
    }

    [Fact]
    public async Task ADeviceThatWasPushedOutComesBackAfterAWhile()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var options = new ChatableClientOptions { Url = servers.A, Connection = { TooManyConnectionsDelay = TimeSpan.FromSeconds(2) } };
        var credentials = new ChatCredentials(token);
        await using var first = await Member.StartAsync(name, new ChatableClient(options), credentials, new InMemoryChatStore(), _ct);
        await first.OnlineAsync(_ct);
        var states = new ConcurrentQueue<ChatStatus>();
        first.Connection.StatusChanged += states.Enqueue;

        await using var second = await Member.StartAsync(name, credentials, new InMemoryChatStore(), [servers.A], _ct);
        await Eventually.HoldsAsync(() => Task.FromResult(states.Any(status => status.State == ChatState.Online)), "it comes back", _ct);

        Assert.Equal(new ChatStatus(ChatState.Reconnecting, CloseCode: 4409), states.First());
        await Eventually.HoldsAsync(() => Task.FromResult(second.Connection.Status.CloseCode == 4409), "the other is pushed out", _ct);
        Assert.Equal(ChatState.Reconnecting, second.Connection.Status.State);
    }
}
