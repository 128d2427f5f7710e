using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>Which connection is closed when a user has too many, and what it is told.</summary>
public class ReplacementTests(ReplacementTests.Servers servers) : IClassFixture<ReplacementTests.Servers>
{
    private const string SameDevice = "replaced by the same device", TooMany = "too many connections";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
            [("Realtime__SocketsPerUser", "3"), ("Realtime__Times__Ping", "00:00:01"), ("Realtime__Times__Pong", "01:00:00")];
    }

    [Fact]
    public async Task APhoneThatComesBackAgainAndAgainReplacesItselfAndNotTheLaptop()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var laptop = await JoinAsync(user, "laptop");
        var phones = new List<V2Socket>();
        for (var i = 0; i < 8; i++)
            phones.Add(await JoinAsync(user, "phone"));

        foreach (var phone in phones[..6])
        {
            Assert.Equal(4409, await phone.WaitForCloseAsync(_ct));
            Assert.Equal(SameDevice, phone.Socket.CloseStatusDescription);
        }

        await laptop.SendAndAckAsync("c1", user, "still here", _ct);
        foreach (var phone in phones)
            await phone.DisposeAsync();
    }

    [Fact]
    public async Task TheOldestGoesWhereNoneIsOfTheSameDeviceAndIsToldSo()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        var sockets = new List<V2Socket>();
        foreach (var device in (string?[])["desk", null, "laptop", null])
            sockets.Add(await JoinAsync(user, device));

        Assert.Equal(4409, await sockets[0].WaitForCloseAsync(_ct));
        Assert.Equal(TooMany, sockets[0].Socket.CloseStatusDescription);
        await sockets[1].SendAndAckAsync("c1", user, "still here", _ct);
        foreach (var socket in sockets)
            await socket.DisposeAsync();
    }

    [Fact]
    public async Task WhoeverOwesAPongGoesFirst()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var laptop = await JoinAsync(user, "laptop");
        await using var tablet = await JoinAsync(user, "tablet");
        // A client answers pings only while it reads.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        Task<System.Text.Json.JsonElement>[] reading = [laptop.ReceiveAsync(stop.Token), tablet.ReceiveAsync(stop.Token)];
        using var gone = await RawSocket.ConnectAsync(servers.A, user.Token, _ct);
        await gone.WriteAsync(RawSocket.Frame(RawSocket.Final | RawSocket.Text, "{}"u8), _ct);
        while ((await gone.ReadFrameAsync(_ct))!.Value.First != (RawSocket.Final | RawSocket.Ping))
        {
        }

        await using var phone = await JoinAsync(user, "phone");

        Assert.Equal(4409, await gone.WaitForEndAsync(_ct));
        Assert.All(reading, one => Assert.False(one.IsCompleted));
        await stop.CancelAsync();
    }

    [Fact]
    public async Task ConnectionsThatSayNothingDoNotDriveOthersAway()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var laptop = await JoinAsync(user, "laptop");
        var silent = new List<V2Socket>();
        for (var i = 0; i < 8; i++)
            silent.Add(await V2Socket.ConnectAsync(servers.A, user.Token, _ct));

        foreach (var socket in silent[..5])
        {
            Assert.Equal(4409, await socket.WaitForCloseAsync(_ct));
            Assert.Equal(TooMany, socket.Socket.CloseStatusDescription);
        }

        await laptop.SendAndAckAsync("c1", user, "still here", _ct);
        foreach (var socket in silent)
            await socket.DisposeAsync();
    }

    private async Task<V2Socket> JoinAsync(ChatUser user, string? device)
    {
        var socket = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);
        var hello = V2Socket.Hello(since: null, epoch: null);
        hello["device"] = device;
        await socket.SendAsync(hello, _ct);
        await socket.ReceiveAsync("welcome", _ct);
        await socket.ReceiveAsync("caught_up", _ct);
        return socket;
    }
}
