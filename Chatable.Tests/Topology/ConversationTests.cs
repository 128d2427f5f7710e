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

        await bobSocket.SendAsync(bob.Username, alice.Username, "hello", Cancelled);
        var heard = (await aliceSocket.ReceiveAsync(Cancelled))!.Value;
        await aliceSocket.SendAsync(alice.Username, bob.Username, "hi bob", Cancelled);
        var answer = (await bobSocket.ReceiveAsync(Cancelled))!.Value;

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

        await bobSocket.SendAsync(bob.Username, alice.Username, "to all", Cancelled);

        foreach (var device in new[] { phone, laptop, tablet })
            Assert.Equal("to all", await device.ReceiveMessageAsync(Cancelled));
    }

    [Fact]
    public async Task TheAuthorsOwnSocketsHearNothingOfWhatHeSent()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var sending = await bob.ConnectAsync(Cancelled);
        await using var other = await bob.ConnectElsewhereAsync([sending.Server], Cancelled);
        await using var aliceSocket = await alice.ConnectAsync(Cancelled);

        await sending.SendAsync(bob.Username, alice.Username, "first", Cancelled);
        Assert.Equal("first", await aliceSocket.ReceiveMessageAsync(Cancelled));
        await aliceSocket.SendAsync(alice.Username, bob.Username, "second", Cancelled);

        // Had "first" been echoed, it would come before "second".
        Assert.Equal("second", await sending.ReceiveMessageAsync(Cancelled));
        Assert.Equal("second", await other.ReceiveMessageAsync(Cancelled));
    }

    [Fact]
    public async Task ANoteToOneselfComesToAllOwnSocketsOnce()
    {
        var bob = await Person.RegisterAsync(await ApiAsync(), Cancelled);
        await using var sending = await bob.ConnectAsync(Cancelled);
        await using var other = await bob.ConnectElsewhereAsync([sending.Server], Cancelled);

        foreach (var note in new[] { "milk", "bread" })
            await sending.SendAsync(bob.Username, bob.Username, note, Cancelled);

        foreach (var socket in new[] { sending, other })
        {
            Assert.Equal("milk", await socket.ReceiveMessageAsync(Cancelled));
            Assert.Equal("bread", await socket.ReceiveMessageAsync(Cancelled));
        }

        await AssertThreadAsync(bob, bob, "bread", "milk");
        Assert.Equal(bob.Username, Assert.Single(await bob.InboxAsync(Cancelled)).GetProperty("with_username").GetString());
    }

    [Fact]
    public async Task WhoIsOfflineFindsTheConversationLater()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await bobSocket.SendAsync(bob.Username, alice.Username, "call me", Cancelled);

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
                texts.Add(await aliceSocket.ReceiveMessageAsync(Cancelled));
            return texts;
        });
        var expected = Enumerable.Range(0, Count).Select(i => $"message {i}").ToList();
        foreach (var text in expected)
            await bobSocket.SendAsync(bob.Username, alice.Username, text, Cancelled);

        Assert.Equal(expected, await received);
        Assert.Equal(expected.AsEnumerable().Reverse(), await WholeThreadAsync(alice, bob.Username));
    }

    private async Task<Uri> ApiAsync() => (await fixture.StartedAsync()).Api;

    private async Task<(Person Bob, Person Alice)> TwoPeopleAsync()
    {
        var api = await ApiAsync();
        return (await Person.RegisterAsync(api, Cancelled), await Person.RegisterAsync(api, Cancelled));
    }

    private static (string?, string?, string?, int) Frame(JsonElement frame) =>
        (frame.GetProperty("author").GetString(), frame.GetProperty("recipient").GetString(),
            frame.GetProperty("message").GetString(), frame.GetProperty("message_type").GetInt32());

    private static async Task AssertThreadAsync(Person reader, Person other, params string[] newestFirst) =>
        Assert.Equal(newestFirst, (await reader.ThreadAsync(other.Username, Cancelled)).Select(row => row.GetProperty("message").GetString()));

    private static async Task<List<string>> WholeThreadAsync(Person reader, string other)
    {
        var texts = new List<string>();
        for (var page = 1; await reader.ThreadAsync(other, Cancelled, page) is { Count: > 0 } rows; page++)
            texts.AddRange(rows.Select(row => row.GetProperty("message").GetString()!));
        return texts;
    }
}
