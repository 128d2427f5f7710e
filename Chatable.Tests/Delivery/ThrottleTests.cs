using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>Clients that send faster than allowed are slowed down: no message is lost, and nothing else is affected.</summary>
public class ThrottleTests(ThrottleTests.Servers servers) : IClassFixture<ThrottleTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    // The rate is so low, and the pong timeout so short, that a slowed client is not heard for longer than the timeout.
    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
        [
            ("Realtime__FramesPerSecond", "5"), ("Realtime__FrameBurst", "5"), ("Realtime__Window", "5"),
            ("Realtime__Times__Ping", "00:00:01"), ("Realtime__Times__Pong", "00:00:06"), ("Realtime__MaxThrottle", "00:00:07"),
        ];
    }

    [Fact]
    public async Task ASlowedClientIsNotTakenForGoneAndIsPushedToMeanwhile()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        for (var i = 0; i < 60; i++)
            await bobs.SendAsync(alice, $"{i}", _ct);

        await alices.SendAsync(bob, "while you write", _ct);
        var pushed = bobs.ReceiveAsync(_ct);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
            // At 5 frames a second, 9 seconds have passed.
            if (i == 50)
                Assert.True(pushed.IsCompleted);
        }

        Assert.Equal("while you write", (await pushed).Text("message"));
    }

    [Fact]
    public async Task AClientWhosePongWaitsBehindItsOwnFramesIsNotTakenForGone()
    {
        var bob = await servers.Client.RegisterAsync(_ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        using var raw = await RawSocket.ConnectAsync(servers.A, bob.Token, _ct);
        var ping = await raw.ReadFrameAsync(_ct);
        Assert.Equal(RawSocket.Final | RawSocket.Ping, ping!.Value.First);

        // The server reads 5 frames a second, so it reads the pong behind them after 11 s, long after it was due.
        byte[] frames =
        [
            .. Enumerable.Range(0, 60).SelectMany(i => RawSocket.Frame(
                RawSocket.Final | RawSocket.Text,
                Encoding.UTF8.GetBytes($$"""{"recipient":"{{alice.Username}}","message":"{{i}}"}"""))),
            .. RawSocket.Frame(RawSocket.Final | RawSocket.Pong, ping.Value.Payload),
        ];
        await raw.WriteAsync(frames, _ct);

        for (var i = 0; i < 60; i++)
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task AV2ClientIsSlowedDownLikewise()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        for (var i = 0; i < 20; i += 5)
        {
            for (var one = i; one < i + 5; one++)
                await bobs.SendAsync($"c{one}", alice, $"{one}", _ct);
            for (var one = i; one < i + 5; one++)
                Assert.Equal($"c{one}", (await bobs.ReceiveAsync("ack", _ct)).Text("client_id"));
        }
    }

    [Fact]
    public async Task WhatAClientWroteBeforeItLeftArrives()
    {
        var bob = await servers.Client.RegisterAsync(_ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        using (var raw = await RawSocket.ConnectAsync(servers.A, bob.Token, _ct))
        {
            byte[] frames =
            [
                .. Enumerable.Range(0, 15).SelectMany(i => RawSocket.Frame(
                    RawSocket.Final | RawSocket.Text,
                    Encoding.UTF8.GetBytes($$"""{"recipient":"{{alice.Username}}","message":"{{i}}"}"""))),
                .. RawSocket.Frame(RawSocket.Final | RawSocket.Close, [0x03, 0xE8]),
            ];
            await raw.WriteAsync(frames, _ct);
            Assert.Equal(1000, await raw.WaitForEndAsync(_ct));
        }

        for (var i = 0; i < 15; i++)
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
    }
}
