using Chatable.Tests.Api;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>Two users on different servers who write to each other over REST and WebSocket.</summary>
internal static class Conversation
{
    public static async Task TakesPlaceAsync(Uri hers, Uri his, CancellationToken cancellationToken)
    {
        using var first = new ChatClient(hers);
        using var second = new ChatClient(his);
        var alice = await first.RegisterAsync(cancellationToken);
        var bob = await second.RegisterAsync(cancellationToken);
        await using var socket = await V2Socket.JoinAsync(hers, alice.Token, cancellationToken);

        Assert.Equal(201, (await second.SayAsync(bob, alice, "by REST", cancellationToken)).Status);
        Assert.Equal("by REST", (await socket.ReceiveAsync("message", cancellationToken)).Text("message"));
        await socket.SendAndAckAsync(V2Requests.NewKey(), bob, "by WebSocket", cancellationToken);

        Assert.Equal(["by WebSocket", "by REST"], await ThreadAsync(second, bob, alice, cancellationToken));
    }

    /// <summary>The texts, newest first.</summary>
    public static async Task<IReadOnlyList<string>> ThreadAsync(
        ChatClient client, ChatUser reader, ChatUser other, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"/api/thread/{other.Username}", reader.Token, cancellationToken);
        Assert.Equal(200, answer.Status);
        return [.. answer.Data.EnumerateArray().Select(message => message.Text("message")!)];
    }
}
