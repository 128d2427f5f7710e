using System.Net;
using System.Net.Sockets;
using Chatable.ApiService.Http;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>A server with a low limit on open files refuses connections; it does not run out of descriptors.</summary>
public sealed class FileLimitTests(PostgresServer postgres, RedisServer redis)
{
    private const int Files = 900;
    private const int Crowd = 900;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACrowdIsRefusedAndTheNextClientIsServedWhenItIsGone()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var api = await ApiProcess.StartWithFilesAsync(Files, database, redis.ConnectionString, Cancellation);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);

        List<Socket> crowd = [];
        for (var i = 0; i < Crowd; i++)
        {
            crowd.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
            await crowd[^1].ConnectAsync(IPAddress.Loopback, api.Address.Port, Cancellation);
        }

        Assert.Equal(0, await crowd[^1].ReceiveAsync(new byte[1], Cancellation));
        Assert.InRange(Directory.GetFileSystemEntries($"/proc/{api.ProcessId}/fd").Length, 1, Files - 50);
        foreach (var socket in crowd)
            socket.Dispose();
        using var next = new ChatClient(api.Address);
        await Eventually.HoldsAsync(() => IsServedAsync(next, user), "a client is served when the crowd is gone", Cancellation);
    }

    [Theory]
    [InlineData(256, 16, 1)]
    [InlineData(1024, 25, 231)]
    [InlineData(1_048_576, 104_780, 943_028)]
    public void RoomIsDividedBetweenRequestsAndSockets(int limit, int requests, int sockets) =>
        Assert.Equal((requests, sockets), (new FileDescriptors(limit).Requests, new FileDescriptors(limit).Sockets));

    [Fact]
    public void ALimitThatIsNotToldIsNone() => Assert.Equal(int.MaxValue, FileDescriptors.ReadLimit("/nowhere"));

    private static async Task<bool> IsServedAsync(ChatClient client, ChatUser user)
    {
        try
        {
            return (await client.GetAsync("/api/inbox", user.Token, Cancellation)).Status == 200;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
