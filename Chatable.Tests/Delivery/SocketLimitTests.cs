using System.Net.WebSockets;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>Limits per socket, per user and per process. A client that exceeds one does not affect the others.</summary>
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
            ("Realtime__FramesPerSecond", "100"),
            ("Realtime__Times__Send", "00:00:03"),
            // With this, only slowness ends a client that does not answer pings.
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
    public async Task WhoSendsTooFastIsSlowedDownAndLosesNothing()
    {
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        var began = TimeProvider.System.GetTimestamp();

        for (var i = 0; i < 204; i++)
            await bobs.SendAsync(alice, $"{i}", _ct);

        for (var i = 0; i < 204; i++)
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromSeconds(1.7), TimeSpan.FromMinutes(1));
        await alices.SendAsync(alice, "well", _ct);
        Assert.Equal("well", (await alices.ReceiveAsync(_ct)).Text("message"));
        await servers.AssertStillDeliversAsync(_ct);
    }

    [Fact]
    public async Task WhoFloodsIsHeldBackByTcpAndGetsWhatOthersWrite()
    {
        var (flooder, flooding) = await servers.JoinAsync(servers.A, _ct);
        var (_, bobs) = await servers.JoinAsync(servers.B, _ct);
        var sent = 0;
        var sending = FloodAsync(flooding, () => sent++);

        await bobs.SendAsync(flooder, "hello", _ct);
        var (frame, answers) = (await flooding.ReceiveAsync(_ct), 0);
        for (; frame.Has("error"); answers++)
        {
            Assert.Equal(400, frame.ErrorCode());
            frame = await flooding.ReceiveAsync(_ct);
        }

        Assert.Equal("hello", frame.Text("message"));
        Assert.Equal(WebSocketState.Open, flooding.Socket.State);
        await servers.AssertStillDeliversAsync(_ct);
        await flooding.DisposeAsync();
        await sending;
        Assert.True(answers < sent, $"{answers} frames of {sent} were read at once");
    }

    [Fact]
    public async Task PingsBeyondTheirBudgetAreReadSlowlyAndTheSocketGoesOn()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.B, _ct);
        var user = await servers.Client.RegisterAsync(_ct);
        using var raw = await RawSocket.ConnectAsync(servers.A, user.Token, _ct);
        var began = TimeProvider.System.GetTimestamp();

        byte[] pings = [.. Enumerable.Range(0, 60 + 30).SelectMany(_ => RawSocket.Frame(RawSocket.Final | RawSocket.Ping, []))];
        var message = $$"""{"recipient":"{{bob.Username}}","message":"after the pings"}""";
        await raw.WriteAsync([.. pings, .. RawSocket.Frame(RawSocket.Final | RawSocket.Text, Encoding.UTF8.GetBytes(message))], _ct);

        Assert.Equal("after the pings", (await bobs.ReceiveAsync(_ct)).Text("message"));
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(0.5));
        for (var i = 0; i < 60 + 30; i++)
            Assert.Equal(RawSocket.Final | 0xA, (await raw.ReadFrameAsync(_ct))!.Value.First);
    }

    [Fact]
    public async Task AReaderThatStallsIsClosedAndDelaysNoOtherDevice()
    {
        var alice = await servers.Client.RegisterAsync(_ct);
        using var stalled = await RawSocket.ConnectAsync(servers.A, alice.Token, _ct, receiveBuffer: 4096);
        await using var healthy = await ChatSocket.ConnectAsync(servers.A, alice.Token, _ct);
        var text = new string('x', 8000);

        // More than the buffers between the two processes hold, so the frames for the stalled client pile up in the server.
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

        // Checked without reading, which would drain the buffers. A reset discards them, so the close code may be lost too.
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

    private async Task FloodAsync(ChatSocket socket, Action sent)
    {
        try
        {
            for (; socket.Socket.State == WebSocketState.Open; sent())
                await socket.SendAsync("{}", _ct);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server has closed the connection.
        }
    }
}
