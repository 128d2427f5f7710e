using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

public class SocketCapTests(SocketCapTests.Servers servers) : IClassFixture<SocketCapTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__MaxSockets", "2")];
    }

    [Fact]
    public async Task AFullServerRefusesTheHandshakeUntilSomebodyLeaves()
    {
        var (_, first) = await servers.JoinAsync(servers.A, _ct);
        var (user, second) = await servers.JoinAsync(servers.A, _ct);

        var refused = await Assert.ThrowsAsync<WebSocketException>(() => ChatSocket.ConnectAsync(servers.A, user.Token, _ct));
        Assert.Equal(503, refused.Data["status"]);
        await first.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _ct);

        await using var third = await ConnectWhenThereIsRoomAsync(user);
        await second.SendAsync(user, "room for us both", _ct);
        Assert.Equal("room for us both", (await third.ReceiveAsync(_ct)).Text("message"));
    }

    private async Task<ChatSocket> ConnectWhenThereIsRoomAsync(ChatUser user)
    {
        while (true)
        {
            try
            {
                return await ChatSocket.ConnectAsync(servers.A, user.Token, _ct);
            }
            catch (WebSocketException exception) when (exception.Data["status"] is 503)
            {
                // The server has not yet released the closed connection.
                await Task.Delay(20, _ct);
            }
        }
    }
}
