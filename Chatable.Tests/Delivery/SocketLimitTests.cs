using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>What one socket, one user or one process may use, and that nobody else pays for who wants more.</summary>
public class SocketLimitTests(SocketLimitTests.Servers servers) : IClassFixture<SocketLimitTests.Servers>
{
    private const string Origin = "https://chat.example";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
        [
            ("Realtime__AllowedOrigins__0", Origin),
            ("Realtime__OutboundFrames", "64"),
            ("Realtime__FloodWarnings", "20"),
            ("Realtime__Times__Send", "00:00:03"),
            // So that nothing but its slowness ends a client that does not answer pings.
            ("Realtime__Times__Ping", "01:00:00"),
        ];
    }

    [Fact]
    public async Task TheNinthSocketOfAUserClosesTheOldest()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        var sockets = new List<ChatSocket>();
        for (var i = 0; i < 9; i++)
            sockets.Add(await ChatSocket.ConnectAsync(servers.A, user.Token, _ct));

        Assert.Equal(4409, await sockets[0].WaitForCloseAsync(_ct));
        await sockets[8].SendAsync(user, "to all of me", _ct);
        foreach (var socket in sockets[1..])
            Assert.Equal("to all of me", (await socket.ReceiveAsync(_ct)).Text("message"));
        foreach (var socket in sockets)
            await socket.DisposeAsync();
    }

    [Fact]
    public async Task WhoSendsTooFastIsWarnedAndThenClosed()
    {
        var (_, flooding) = await servers.JoinAsync(servers.A, _ct);
        var sending = FloodAsync(flooding);

        var warning = await flooding.ReceiveAsync(_ct);
        while (warning.ErrorCode() != 429)
            warning = await flooding.ReceiveAsync(_ct);

        Assert.Equal(4429, await flooding.WaitForCloseAsync(_ct));
        await servers.AssertStillDeliversAsync(_ct);
        await flooding.DisposeAsync();
        await sending;
    }

    [Fact]
    public async Task AReaderThatStallsIsClosedAndDelaysNoOtherDevice()
    {
        var alice = await servers.Client.RegisterAsync(_ct);
        using var stalled = await RawSocket.ConnectAsync(servers.A, alice.Token, _ct, receiveBuffer: 4096);
        await using var healthy = await ChatSocket.ConnectAsync(servers.A, alice.Token, _ct);
        var text = new string('x', 8000);

        // More than the buffers between the two processes hold, so that the stalled one's frames must pile up in the server.
        var slowest = TimeSpan.Zero;
        for (var sender = 0; sender < 40; sender++)
        {
            var (_, bobs) = await servers.JoinAsync(servers.B, _ct);
            for (var i = 0; i < 25; i++)
            {
                var sent = TimeProvider.System.GetTimestamp();
                await bobs.SendAsync(alice, text, _ct);
                Assert.Equal(text, (await healthy.ReceiveAsync(_ct)).Text("message"));
                slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, TimeProvider.System.GetElapsedTime(sent).Ticks));
            }

            await bobs.DisposeAsync();
        }

        // Not by reading, which would help it on. With the buffers a reset throws away, the close code may be lost as well.
        await Eventually.HoldsAsync(() => Task.FromResult(stalled.HasEnded), "the stalled connection was ended", _ct);
        Assert.Contains(await stalled.WaitForEndAsync(_ct), (int?[])[1013, null]);
        Assert.True(slowest < TimeSpan.FromSeconds(10), $"a message to the healthy device took {slowest}");
    }

    [Fact]
    public async Task AnotherOriginIsRefusedAndNoOriginIsNoBrowser()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        string[] others =
        [
            "null", "https://chat.example.evil.example", "https://evil-chat.example", "http://chat.example", "https://chat.example:8443",
            "https://CHAT.example", "https://sub.chat.example", "https://chat.example/", "https://chat.example, https://evil.example",
        ];

        foreach (var other in others)
        {
            var exception = await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(other));
            Assert.Equal((other, 403), (other, exception.Data["status"]));
        }

        await (await ConnectAsync(Origin)).DisposeAsync();
        await (await ChatSocket.ConnectAsync(servers.A, user.Token, _ct)).DisposeAsync();

        Task<ChatSocket> ConnectAsync(string origin) =>
            ChatSocket.ConnectAsync(servers.A, user.Token, _ct, options => options.SetRequestHeader("Origin", origin));
    }

    private async Task FloodAsync(ChatSocket socket)
    {
        try
        {
            while (socket.Socket.State == WebSocketState.Open)
                await socket.SendAsync("{}", _ct);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server has closed it.
        }
    }
}
