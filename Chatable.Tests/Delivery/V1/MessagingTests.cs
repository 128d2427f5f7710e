using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V1;

/// <summary>The workflow from the README, as a client of the original sees it.</summary>
public class MessagingTests(ChatServers servers) : IClassFixture<ChatServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryDeviceOfTheRecipientGetsTheMessageOnWhicheverServerItIs()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, first) = await servers.JoinAsync(servers.A, _ct);
        var second = await ChatSocket.ConnectAsync(servers.B, alice.Token, _ct);

        await bobs.SendAsync(ChatSocket.Frame(bob.Username, alice.Username, "hello 😀"), _ct);

        foreach (var device in (ChatSocket[])[first, second])
        {
            var frame = await device.ReceiveAsync(_ct);
            Assert.Equal(
                ["author", "recipient", "message", "message_type", "created_at"], frame.EnumerateObject().Select(field => field.Name));
            Assert.Equal(
                (bob.Username, alice.Username, "hello 😀"), (frame.Text("author"), frame.Text("recipient"), frame.Text("message")));
            Assert.Equal(0, frame.GetProperty("message_type").GetInt32());
            Assert.Matches(new Regex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"), frame.Text("created_at"));
        }

        var thread = await servers.Client.GetAsync($"/api/thread/{alice.Username}", bob.Token, _ct);
        Assert.Equal("hello 😀", thread.Item.Text("message"));
    }

    [Fact]
    public async Task TheAuthorsSocketsGetNoEchoAndANoteToOneselfReachesThemAll()
    {
        var (bob, sending) = await servers.JoinAsync(servers.A, _ct);
        var other = await ChatSocket.ConnectAsync(servers.B, bob.Token, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);

        await sending.SendAsync(alice, "to alice", _ct);
        await sending.SendAsync(bob, "to myself", _ct);

        Assert.Equal("to alice", (await alices.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal("to myself", (await sending.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal("to myself", (await other.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task MessagesOfOneSenderArriveInTheOrderSent()
    {
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);

        for (var i = 0; i < 25; i++)
            await bobs.SendAsync(alice, $"{i}", _ct);

        for (var i = 0; i < 25; i++)
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task WhatAClientSendsRightBeforeItLeavesArrives()
    {
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);

        for (var i = 0; i < 5; i++)
            await bobs.SendAsync(alice, $"bye {i}", _ct);
        await bobs.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _ct);

        for (var i = 0; i < 5; i++)
            Assert.Equal($"bye {i}", (await alices.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, bobs.Socket.CloseStatus);
    }

    [Fact]
    public async Task AConnectionBeginsWithWhatIsWrittenAfterIt()
    {
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, early) = await servers.JoinAsync(servers.A, _ct);
        await bobs.SendAsync(alice, "before", _ct);
        await early.ReceiveAsync(_ct);

        var late = await ChatSocket.ConnectAsync(servers.B, alice.Token, _ct);
        await bobs.SendAsync(alice, "after", _ct);

        Assert.Equal("after", (await late.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal("after", (await early.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task NobodyWritesAsSomebodyElse()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        var (mallory, mallorys) = await servers.JoinAsync(servers.B, _ct);

        await mallorys.SendAsync(ChatSocket.Frame(bob.Username, alice.Username, "as bob"), _ct);
        Assert.Equal("is somebody else", (await mallorys.ReceiveAsync(_ct)).ErrorOf("author"));
        await mallorys.SendAsync(ChatSocket.Frame(mallory.Username.ToUpperInvariant(), alice.Username, "as myself"), _ct);

        var frame = await alices.ReceiveAsync(_ct);
        Assert.Equal((mallory.Username, "as myself"), (frame.Text("author"), frame.Text("message")));
        await bobs.SendAsync(alice, "the real one", _ct);
        Assert.Equal(bob.Username, (await alices.ReceiveAsync(_ct)).Text("author"));
    }

    [Fact]
    public async Task TheTokenMayStandInTheQuery()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        using var socket = new ClientWebSocket();
        var address = new UriBuilder(ChatSocket.AddressOf(servers.A)) { Query = $"access_token={user.Token.ToJwt()}" }.Uri;

        await socket.ConnectAsync(address, _ct);

        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Fact]
    public async Task AHandshakeWithoutATokenIsAnsweredInTheEnvelope()
    {
        var answer = await SendHandshakeAsync(upgrade: true);

        Assert.Equal(401, answer.Status);
        Assert.Equal("Authentication error", answer.Message);
    }

    [Fact]
    public async Task AnOrdinaryRequestIsToldToUpgrade()
    {
        var user = await servers.Client.RegisterAsync(_ct);

        var answer = await servers.Client.GetAsync("/api/ws", user.Token, _ct);

        Assert.Equal(426, answer.Status);
        Assert.Equal("fail", answer.Envelope.Text("status"));
        Assert.Equal(["websocket"], answer.Headers.Upgrade.Select(upgrade => upgrade.ToString()));
    }

    [Fact]
    public async Task TheConnectionOfAnOrdinaryRequestServesTheNextOne()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        string Request(string last) =>
            $"GET /api/ws HTTP/1.1\r\nHost: {servers.A.Authority}\r\nAuthorization: Bearer {user.Token.ToJwt()}\r\n{last}\r\n";

        var both = await RawHttp.SendAsync(servers.A, Encoding.ASCII.GetBytes(Request("") + Request("Connection: close\r\n")), _ct);

        Assert.Equal(426, both.Status);
        Assert.Contains("HTTP/1.1 426", both.Body, StringComparison.Ordinal);
    }

    private async Task<ChatAnswer> SendHandshakeAsync(bool upgrade)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/ws");
        if (upgrade)
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.ParseAdd("websocket");
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        }

        return await servers.Client.SendAsync(request, _ct);
    }
}
