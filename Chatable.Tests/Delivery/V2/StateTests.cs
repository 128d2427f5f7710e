using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>Frames at the wrong time, missing frames, and too many frames.</summary>
public class StateTests(StateTests.Servers servers) : IClassFixture<StateTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__Times__Hello", "00:00:02")];
    }

    [Fact]
    public async Task WhoSaysNoHelloIsLetGo()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var silent = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);
        await using var greeting = await V2Socket.JoinAsync(servers.A, user.Token, _ct);

        Assert.Equal(4408, await silent.WaitForCloseAsync(_ct));
        Assert.Equal(WebSocketState.Open, greeting.Socket.State);
        await greeting.SendAndAckAsync("c1", user, "still here", _ct);
    }

    [Theory]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"alice","message":"x"}""")]
    [InlineData("""{"type":"send"}""")]
    public async Task ASendBeforeTheHelloContradictsTheState(string frame)
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);

        await socket.SendAsync(frame, _ct);

        Assert.Equal(4400, await socket.WaitForCloseAsync(_ct));
    }

    [Fact]
    public async Task ASecondHelloContradictsTheState()
    {
        var (_, socket) = await servers.JoinV2Async(servers.A, _ct);

        await socket.SendAsync("""{"type":"hello"}""", _ct);

        Assert.Equal(4400, await socket.WaitForCloseAsync(_ct));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("\"1\"")]
    [InlineData("[]")]
    public async Task AHelloWithoutAProperCursorIsAnsweredAndEndsTheConnection(string since)
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);

        await socket.SendAsync($$"""{"type":"hello","since":{{since}}}""", _ct);

        Assert.StartsWith("since ", (await socket.ReceiveErrorAsync("invalid", _ct)).Text("message"));
        Assert.Equal(4400, await socket.WaitForCloseAsync(_ct));
    }

    [Fact]
    public async Task APingIsAnsweredBeforeAndAfterTheHelloAndAPongIsIgnored()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);

        await socket.SendAsync("""{"type":"ping"}""", _ct);
        await socket.ReceiveAsync("pong", _ct);
        await socket.HelloAsync(since: null, epoch: null, _ct);
        await socket.ReceiveAsync("caught_up", _ct);
        await socket.SendAsync("""{"type":"pong"}""", _ct);
        await socket.SendAsync("""{"type":"ping"}""", _ct);

        await socket.ReceiveAsync("pong", _ct);
    }

    [Theory]
    [InlineData("chatable.v1")]
    [InlineData("Chatable.V2")]
    public async Task AnotherSubprotocolIsNotEchoedAndServedV1(string subprotocol)
    {
        var user = await servers.Client.RegisterAsync(_ct);
        await using var socket = await ChatSocket.ConnectAsync(
            servers.A, user.Token, _ct, options => options.AddSubProtocol(subprotocol));

        Assert.Null(socket.Socket.SubProtocol);
        await socket.SendAsync(user, "as ever", _ct);
        Assert.Equal("as ever", (await socket.ReceiveAsync(_ct)).Text("message"));
    }
}
