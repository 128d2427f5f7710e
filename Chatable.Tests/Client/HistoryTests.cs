using Chatable.Client;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

public sealed class HistoryTests(HistoryTests.Servers servers) : IClassFixture<HistoryTests.Servers>
{
    // More than two pages each.
    private const int Others = 101;
    private const int Messages = 201;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>Servers that accept many messages at once.</summary>
    public sealed class Servers(PostgresServer postgres) : ClientServers(postgres)
    {
        protected override (string Key, string Value)[] Settings =>
            [("Realtime__FramesPerSecond", "1000"), ("Realtime__FrameBurst", "1000")];
    }

    [Fact]
    public async Task AllConversationsAreReadPageByPageTheLatestFirst()
    {
        var others = await Task.WhenAll(Enumerable.Range(0, Others).Select(_ => servers.RegisterAsync(_ct)));
        var (_, token) = await servers.RegisterAsync(_ct);
        await using var bob = await ConnectAsync(token);
        foreach (var other in others)
            await bob.SendAsync(other.Name, "hello", cancellationToken: _ct);

        List<ChatConversation> all = [];
        await foreach (var conversation in servers.Library.History(new ChatCredentials(token)).ConversationsAsync(_ct))
            all.Add(conversation);

        Assert.Equal(others.Select(other => other.Name).Reverse(), all.Select(one => one.With));
        Assert.All(all, one => Assert.Equal(1, one.LastSeq));
        Assert.Equal(all.OrderByDescending(one => one.LastActivityAt), all);
    }

    [Fact]
    public async Task AConversationIsReadPageByPageFromAnyPlace()
    {
        var (alice, alices) = await servers.RegisterAsync(_ct);
        var (bob, token) = await servers.RegisterAsync(_ct);
        await using var connection = await ConnectAsync(token);
        var texts = Enumerable.Range(1, Messages).Select(i => $"{i}").ToArray();
        var sent = await Task.WhenAll(texts.Select((text, i) =>
            connection.SendAsync(alice, text, (ChatMessageType)(i % 2), cancellationToken: _ct)));
        var conversation = sent[0].Conversation;

        var all = await ReadAsync(alices, conversation, after: 0);
        Assert.Equal(texts, all.Select(one => one.Text));
        Assert.Equal(
            sent.Select((one, i) => (one.MessageId, one.ConversationSeq, one.CreatedAt, (ChatMessageType)(i % 2))),
            all.Select(one => (one.MessageId, one.ConversationSeq, one.CreatedAt, one.Type)));
        Assert.All(all, one => Assert.Equal((0L, conversation, bob, alice), (one.Seq, one.Conversation, one.Author, one.Recipient)));
        Assert.Equal(texts[150..], (await ReadAsync(alices, conversation, after: 150)).Select(one => one.Text));
        Assert.Empty(await ReadAsync(alices, conversation, after: Messages));
    }

    [Fact]
    public async Task SomebodyElsesConversationIsRefused()
    {
        var (alice, _) = await servers.RegisterAsync(_ct);
        var (_, token) = await servers.RegisterAsync(_ct);
        var (_, stranger) = await servers.RegisterAsync(_ct);
        await using var connection = await ConnectAsync(token);
        var sent = await connection.SendAsync(alice, "hello", cancellationToken: _ct);

        var refused = await Assert.ThrowsAsync<ChatApiException>(() => ReadAsync(stranger, sent.Conversation, after: 0));

        Assert.Equal(404, refused.Status);
    }

    private async Task<ChatConnection> ConnectAsync(ChatToken token)
    {
        var options = new ChatableClientOptions { Url = servers.A, Connection = { SendsPerSecond = 500, SendBurst = 500 } };
        // Not disposed: the client holds only addresses and an HTTP client that is not used.
        var connection = new ChatableClient(options).CreateConnection(new ChatCredentials(token), new InMemoryChatStore());
        await connection.StartAsync(_ct);
        return connection;
    }

    private async Task<IReadOnlyList<ChatMessage>> ReadAsync(ChatToken token, long conversation, long after)
    {
        List<ChatMessage> all = [];
        await foreach (var message in servers.Library.History(new ChatCredentials(token)).MessagesAsync(conversation, after, _ct))
            all.Add(message);
        return all;
    }
}
