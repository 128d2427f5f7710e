using Chatable.Client;
using Chatable.Client.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Client;

public sealed class WrongClockTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    private sealed class WrongClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }

    [Theory]
    [InlineData(-7)]
    [InlineData(-60 * 24 * 400)]
    [InlineData(60 * 24 * 10)]
    public async Task ADeviceWhoseClockIsWrongSignsInTheServersTimeAndExchangesNothing(int minutesAhead)
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        await using var gateway = new Gateway(servers.A);
        var options = new ChatableClientOptions { Url = gateway.Address };
        await using var alice = await Member.StartAsync(
            name, new ChatableClient(options, clock: new WrongClock(TimeSpan.FromMinutes(minutesAhead))), new ChatCredentials(token),
            new InMemoryChatStore(), _ct);
        await alice.OnlineAsync(_ct);

        await alice.SendAsync(alice, "it works", _ct);

        Assert.Equal(0, gateway.Count("POST /api/auth_token/refresh"));
        Assert.InRange(gateway.Count("GET /api/ws"), 1, 2);
    }

    [Fact]
    public void ADateOfLongAgoAndSmallDifferencesAreNotBelieved()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        var clock = new ServerClock(time);

        Hear(TimeSpan.FromHours(-1), age: TimeSpan.FromHours(1));
        Hear(TimeSpan.FromSeconds(29), age: null);
        using (var silent = new HttpResponseMessage())
            clock.Hear(silent);
        Assert.Equal(time.GetUtcNow(), clock.Now);

        Hear(TimeSpan.FromHours(1), age: null);
        Assert.Equal(time.GetUtcNow().AddHours(1), clock.Now);
        Assert.True(clock.WasWrong(TimeSpan.Zero));
        Assert.False(clock.WasWrong(clock.Offset));

        // The device's clock has since been corrected.
        time.Advance(TimeSpan.FromHours(1));
        Hear(TimeSpan.Zero, age: null);
        Assert.Equal(time.GetUtcNow(), clock.Now);

        void Hear(TimeSpan ahead, TimeSpan? age)
        {
            using var answer = new HttpResponseMessage { Headers = { Date = time.GetUtcNow() + ahead, Age = age } };
            clock.Hear(answer);
        }
    }

    [Fact]
    public async Task ARequestThatWasSignedAtAWrongTimeIsSignedAgain()
    {
        var (_, token) = await servers.RegisterAsync(_ct);
        var options = new ChatableClientOptions { Url = servers.A };
        using var client = new ChatableClient(options, clock: new WrongClock(TimeSpan.FromMinutes(-30)));

        await foreach (var conversation in client.History(new ChatCredentials(token)).ConversationsAsync(_ct))
            Assert.Fail($"There is a conversation with {conversation.With}.");
        await client.Accounts.LogoutAsync(token, _ct);

        var refused = await Assert.ThrowsAsync<ChatApiException>(() => client.Accounts.LogoutAsync(token, _ct));
        Assert.Equal((401, true), (refused.Status, refused.IsFromServer));
    }
}
