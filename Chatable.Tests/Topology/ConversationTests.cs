using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Topology;

public sealed class ConversationTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoPeopleOnDifferentReplicasTalkAndFindItInInboxAndThread()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await using var aliceSocket = await alice.ConnectElsewhereAsync([bobSocket.Server], Cancelled);

        await bobSocket.SendAsync(alice.User, "hello", Cancelled);
        var heard = await aliceSocket.ReceiveAsync(Cancelled);
        await aliceSocket.SendAsync(bob.User, "hi bob", Cancelled);
        var answer = await bobSocket.ReceiveAsync(Cancelled);

        Assert.Equal((bob.Username, alice.Username, "hello", 0), Frame(heard));
        Assert.Equal((alice.Username, bob.Username, "hi bob", 0), Frame(answer));
        Assert.EndsWith("Z", heard.GetProperty("created_at").GetString(), StringComparison.Ordinal);
        await AssertThreadAsync(bob, alice, "hi bob", "hello");
        await AssertThreadAsync(alice, bob, "hi bob", "hello");
        foreach (var (owner, other) in new[] { (bob, alice), (alice, bob) })
        {
            var row = Assert.Single(await owner.InboxAsync(Cancelled));
            Assert.Equal(other.Username, row.GetProperty("with_username").GetString());
            Assert.Equal(alice.Username, row.GetProperty("author_username").GetString());
            Assert.Equal("hi bob", row.GetProperty("latest_message").GetString());
        }
    }

    [Fact]
    public async Task EveryDeviceOfTheRecipientHearsItOnWhicheverReplica()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await using var phone = await alice.ConnectAsync(Cancelled);
        await using var laptop = await alice.ConnectElsewhereAsync([phone.Server], Cancelled);
        await using var tablet = await alice.ConnectElsewhereAsync([phone.Server, laptop.Server], Cancelled);

        await bobSocket.SendAsync(alice.User, "to all", Cancelled);

        foreach (var device in new[] { phone, laptop, tablet })
            Assert.Equal("to all", (await device.ReceiveAsync(Cancelled)).Text("message"));
    }

    [Fact]
    public async Task TheAuthorsOwnSocketsHearNothingOfWhatHeSent()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var sending = await bob.ConnectAsync(Cancelled);
        await using var other = await bob.ConnectElsewhereAsync([sending.Server], Cancelled);
        await using var aliceSocket = await alice.ConnectAsync(Cancelled);

        await sending.SendAsync(alice.User, "first", Cancelled);
        Assert.Equal("first", (await aliceSocket.ReceiveAsync(Cancelled)).Text("message"));
        await aliceSocket.SendAsync(bob.User, "second", Cancelled);

        // An echo of "first" would arrive before "second".
        Assert.Equal("second", (await sending.ReceiveAsync(Cancelled)).Text("message"));
        Assert.Equal("second", (await other.ReceiveAsync(Cancelled)).Text("message"));
    }

    [Fact]
    public async Task ANoteToOneselfComesToAllOwnSocketsOnce()
    {
        var bob = await Member.RegisterAsync(await ApiAsync(), Cancelled);
        await using var sending = await bob.ConnectAsync(Cancelled);
        await using var other = await bob.ConnectElsewhereAsync([sending.Server], Cancelled);

        foreach (var note in new[] { "milk", "bread" })
            await sending.SendAsync(bob.User, note, Cancelled);

        foreach (var socket in new[] { sending, other })
        {
            Assert.Equal("milk", (await socket.ReceiveAsync(Cancelled)).Text("message"));
            Assert.Equal("bread", (await socket.ReceiveAsync(Cancelled)).Text("message"));
        }

        await AssertThreadAsync(bob, bob, "bread", "milk");
        Assert.Equal(bob.Username, Assert.Single(await bob.InboxAsync(Cancelled)).GetProperty("with_username").GetString());
    }

    [Fact]
    public async Task WhoIsOfflineFindsTheConversationLater()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await bobSocket.SendAsync(alice.User, "call me", Cancelled);

        await Eventually.HoldsAsync(
            async () => (await alice.ThreadAsync(bob.Username, Cancelled)).Count == 1, "the message is in the thread", Cancelled);

        await AssertThreadAsync(alice, bob, "call me");
        Assert.Equal("call me", Assert.Single(await alice.InboxAsync(Cancelled)).GetProperty("latest_message").GetString());
    }

    [Fact]
    public async Task AThousandMessagesOfOneSenderArriveCompleteAndInOrder()
    {
        const int Count = 1000;
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await using var aliceSocket = await alice.ConnectElsewhereAsync([bobSocket.Server], Cancelled);

        var received = Task.Run(async () =>
        {
            var texts = new List<string>();
            while (texts.Count < Count)
                texts.Add((await aliceSocket.ReceiveAsync(Cancelled)).Text("message")!);
            return texts;
        });
        var expected = Enumerable.Range(0, Count).Select(i => $"message {i}").ToList();
        foreach (var text in expected)
            await bobSocket.SendAsync(alice.User, text, Cancelled);

        Assert.Equal(expected, await received);
        Assert.Equal(expected.AsEnumerable().Reverse(), await WholeThreadAsync(alice, bob.Username));
    }

    private async Task<Uri> ApiAsync() => (await fixture.StartedAsync()).Api;

    private async Task<(Member Bob, Member Alice)> TwoPeopleAsync()
    {
        var api = await ApiAsync();
        return (await Member.RegisterAsync(api, Cancelled), await Member.RegisterAsync(api, Cancelled));
    }

    private static (string?, string?, string?, int) Frame(JsonElement frame) =>
        (frame.GetProperty("author").GetString(), frame.GetProperty("recipient").GetString(),
            frame.GetProperty("message").GetString(), frame.GetProperty("message_type").GetInt32());

    private static async Task AssertThreadAsync(Member reader, Member other, params string[] newestFirst)
    {
        var thread = await reader.ThreadAsync(other.Username, Cancelled);
        Assert.Equal(newestFirst, thread.Select(row => row.GetProperty("message").GetString()));
    }

    private static async Task<List<string>> WholeThreadAsync(Member reader, string other)
    {
        var texts = new List<string>();
        for (var page = 1; await reader.ThreadAsync(other, Cancelled, page) is { Count: > 0 } rows; page++)
            texts.AddRange(rows.Select(row => row.GetProperty("message").GetString()!));
        return texts;
    }
}
