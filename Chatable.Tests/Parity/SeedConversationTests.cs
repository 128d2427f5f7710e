using System.Net.WebSockets;
using System.Text.Json;
using Chatable.Tests.Support;
using Chatable.Tests.Topology;

namespace Chatable.Tests.Parity;

/// <summary>The original's socket, inbox and thread tests, statement by statement, against the running topology.</summary>
public sealed class SeedConversationTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APacketGoesInAsDocumentedAndComesOutAsDocumented()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await using var aliceSocket = await alice.ConnectAsync(Cancelled);

        await bobSocket.SendAsync(
            $$"""{"author":"{{bob.Username}}","recipient":"{{alice.Username}}","message":"hello"}""", Cancelled);
        var packet = await aliceSocket.ReceiveAsync(Cancelled);

        Assert.Equal(["author", "recipient", "message", "message_type", "created_at"], Names(packet));
        Assert.Equal(bob.Username, packet.Text("author"));
        Assert.Equal(alice.Username, packet.Text("recipient"));
        Assert.Equal("hello", packet.Text("message"));
        Assert.Equal(0, packet.GetProperty("message_type").GetInt32());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$", packet.Text("created_at"));
    }

    [Fact]
    public async Task ABrowserMayPutItsTokenIntoTheAddress()
    {
        var (bob, alice) = await TwoPeopleAsync();
        using var browser = new ClientWebSocket();
        var address = new UriBuilder(ChatSocket.AddressOf(alice.Api)) { Query = $"access_token={alice.User.Token.ToJwt()}" };
        await browser.ConnectAsync(address.Uri, Cancelled);
        await using var bobSocket = await bob.ConnectAsync(Cancelled);

        await bobSocket.SendAsync(alice.User, "hello, browser", Cancelled);

        var buffer = new byte[4096];
        var read = await browser.ReceiveAsync(buffer.AsMemory(), Cancelled);
        Assert.Equal("hello, browser", JsonDocument.Parse(buffer.AsMemory(0, read.Count)).RootElement.Text("message"));
    }

    [Fact]
    public async Task NobodyWritesAsSomebodyElse()
    {
        var (bob, alice) = await TwoPeopleAsync();
        var mallory = await Member.RegisterAsync(bob.Api, Cancelled);
        await using var malloryWrites = await mallory.ConnectAsync(Cancelled);
        await using var aliceSocket = await alice.ConnectAsync(Cancelled);

        await malloryWrites.SendAsync(ChatSocket.Frame(bob.Username, alice.Username, "I am Bob"), Cancelled);
        Assert.Equal(400, (await malloryWrites.ReceiveAsync(Cancelled)).ErrorCode());
        await malloryWrites.SendAsync(alice.User, "I am Mallory", Cancelled);

        Assert.Equal((mallory.Username, "I am Mallory"), AuthorAndText(await aliceSocket.ReceiveAsync(Cancelled)));
        Assert.Empty(await alice.ThreadAsync(bob.Username, Cancelled));
    }

    [Fact]
    public async Task ThreadAndInboxHaveTheDocumentedRowsTheNewestFirst()
    {
        var (bob, alice) = await TwoPeopleAsync();
        var carol = await Member.RegisterAsync(bob.Api, Cancelled);
        await SaySequentiallyAsync(bob, alice, "hi alice");
        await SaySequentiallyAsync(alice, bob, "hi bob");
        await SaySequentiallyAsync(carol, alice, "hi from carol");

        var thread = await bob.GetAsync($"/api/thread/{alice.Username}", Cancelled);
        var inbox = await alice.GetAsync("/api/inbox", Cancelled);

        SeedAccountTests.AssertSuccess(thread, items: 2);
        var rows = thread.Data.EnumerateArray().ToList();
        Assert.Equal(["author", "created_at", "message", "message_type", "recipient"], Names(rows[0]));
        Assert.Equal([(alice.Username, "hi bob"), (bob.Username, "hi alice")], rows.Select(AuthorAndText));
        SeedAccountTests.AssertSuccess(inbox, items: 2);
        var conversations = inbox.Data.EnumerateArray().ToList();
        Assert.Equal(["author_username", "created_at", "latest_message", "with_username"], Names(conversations[0]));
        Assert.Equal(
            [(carol.Username, "hi from carol", carol.Username), (alice.Username, "hi bob", bob.Username)],
            conversations.Select(row => (row.Text("author_username"), row.Text("latest_message"), row.Text("with_username"))));
    }

    [Fact]
    public async Task PagesHoldTenRowsAndRepeatNone()
    {
        var (bob, alice) = await TwoPeopleAsync();
        await SaySequentiallyAsync(bob, alice, [.. Enumerable.Range(1, 12).Select(i => $"{i}")]);

        var first = await alice.GetAsync($"/api/thread/{bob.Username}", Cancelled);
        var second = await alice.GetAsync($"/api/thread/{bob.Username}?page=2", Cancelled);
        var third = await alice.GetAsync($"/api/thread/{bob.Username}?page=3", Cancelled);
        var odd = await alice.GetAsync($"/api/thread/{bob.Username}?page=-7", Cancelled);

        SeedAccountTests.AssertSuccess(first, items: 10);
        SeedAccountTests.AssertSuccess(second, items: 2, page: 2);
        SeedAccountTests.AssertSuccess(third, items: 0, page: 3);
        Assert.Equal(
            Enumerable.Range(1, 12).Reverse().Select(i => $"{i}"),
            first.Data.EnumerateArray().Concat(second.Data.EnumerateArray()).Select(row => row.Text("message")));
        Assert.Equal(first.Envelope.GetRawText(), odd.Envelope.GetRawText());
    }

    [Fact]
    public async Task AThreadWithAnUnknownNameIsAUserError()
    {
        var bob = await Member.RegisterAsync((await fixture.StartedAsync()).Api, Cancelled);

        SeedAccountTests.AssertFailure(
            await bob.GetAsync($"/api/thread/{ChatClient.NewName()}", Cancelled), 400, "User error", "error", "unknown username");
    }

    [Fact]
    public async Task WithoutATokenThereIsNeitherInboxNorThreadNorSocket()
    {
        using var client = new ChatClient((await fixture.StartedAsync()).Api);

        foreach (var path in new[] { "/api/inbox", "/api/thread/bob", "/api/ws" })
            SeedAccountTests.AssertUnauthenticated(await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), Cancelled));
    }

    // Waits until each message arrives, so that the order between senders is the order of the calls.
    private static async Task SaySequentiallyAsync(Member author, Member recipient, params string[] texts)
    {
        await using var socket = await author.ConnectAsync(Cancelled);
        await using var listener = await recipient.ConnectAsync(Cancelled);
        foreach (var text in texts)
        {
            await socket.SendAsync(recipient.User, text, Cancelled);
            Assert.Equal(text, (await listener.ReceiveAsync(Cancelled)).Text("message"));
        }
    }

    private static (string?, string?) AuthorAndText(JsonElement row) => (row.Text("author"), row.Text("message"));

    private static IEnumerable<string> Names(JsonElement item) => item.EnumerateObject().Select(property => property.Name);

    private async Task<(Member Bob, Member Alice)> TwoPeopleAsync()
    {
        var api = (await fixture.StartedAsync()).Api;
        return (await Member.RegisterAsync(api, Cancelled), await Member.RegisterAsync(api, Cancelled));
    }
}
