using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>A client that stays above the rate limit. It cannot be slowed down enough because no frame may wait for long.</summary>
public class FloodTests(FloodTests.Servers servers) : IClassFixture<FloodTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
            [("Realtime__MaxThrottle", "00:00:00.001"), ("Realtime__FloodWarnings", "20")];
    }

    [Fact]
    public async Task AV1ClientIsWarnedAndThenClosed()
    {
        var (_, flooding) = await servers.JoinAsync(servers.A, _ct);
        var sending = FloodAsync(flooding.Socket, _ => flooding.SendAsync("{}", _ct));

        var warning = await flooding.ReceiveAsync(_ct);
        while (warning.ErrorCode() != 429)
            warning = await flooding.ReceiveAsync(_ct);

        Assert.Equal(4429, await flooding.WaitForCloseAsync(_ct));
        await servers.AssertStillDeliversAsync(_ct);
        await flooding.DisposeAsync();
        await sending;
    }

    [Fact]
    public async Task AV2ClientIsWarnedByMessageAndThenClosed()
    {
        var (user, flooding) = await servers.JoinV2Async(servers.A, _ct);
        var sending = FloodAsync(flooding.Socket, i => flooding.SendAsync($"c{i}", user, "x", _ct));

        var frame = await flooding.ReceiveAsync(_ct);
        while (frame.Text("type") != "error" || frame.Text("code") != "rate_limited")
            frame = await flooding.ReceiveAsync(_ct);

        Assert.StartsWith("c", frame.Text("client_id"));
        Assert.True(frame.GetProperty("retryable").GetBoolean());
        Assert.Equal(4429, await flooding.WaitForCloseAsync(_ct));
        await servers.AssertStillDeliversAsync(_ct);
        await flooding.DisposeAsync();
        await sending;
    }

    private static async Task FloodAsync(WebSocket socket, Func<int, Task> send)
    {
        try
        {
            for (var i = 0; socket.State == WebSocketState.Open; i++)
                await send(i);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server has closed the connection.
        }
    }
}
