using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>A burst of more frames than the server queues, at a rate that it allows.</summary>
public class BurstTests(BurstTests.Servers servers) : IClassFixture<BurstTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
            [("Realtime__FramesPerSecond", "100000"), ("Realtime__FrameBurst", "100000"), ("Realtime__PendingSends", "8")];
    }

    [Fact]
    public async Task ThreeThousandFramesOfAV1ClientAllArriveInOrder()
    {
        var bob = await servers.Client.RegisterAsync(_ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        using var raw = await RawSocket.ConnectAsync(servers.A, bob.Token, _ct);
        byte[] frames =
        [
            .. Enumerable.Range(0, 3000).SelectMany(i => RawSocket.Frame(
                RawSocket.Final | RawSocket.Text,
                Encoding.UTF8.GetBytes($$"""{"recipient":"{{alice.Username}}","message":"{{i}}"}"""))),
        ];

        var writing = raw.WriteAsync(frames, _ct);

        for (var i = 0; i < 3000; i++)
            Assert.Equal($"{i}", (await alices.ReceiveAsync(_ct)).Text("message"));
        await writing;
    }

    [Fact]
    public async Task FramesThatFollowAHelloAtOnceWaitForItsAnswer()
    {
        var alice = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await socket.SendAsync(V2Socket.Hello(since: null, epoch: null), _ct);
        for (var i = 0; i < 200; i++)
            await socket.SendAsync("""{"type":"ping"}""", _ct);

        await socket.ReceiveAsync("welcome", _ct);
        await socket.ReceiveAsync("caught_up", _ct);
        for (var i = 0; i < 200; i++)
            await socket.ReceiveAsync("pong", _ct);
    }
}
