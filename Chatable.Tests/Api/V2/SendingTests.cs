using Chatable.Tests.Delivery;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

public sealed class SendingTests(ChatServers servers) : IClassFixture<ChatServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AMessageIsCreatedOnceItIsStoredAndReachesSockets()
    {
        var bob = await servers.Client.RegisterAsync(_ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        await using var _ = alices;
        var key = V2Requests.NewKey();

        var answer = await servers.Client.SayAsync(bob, alice, "hello 😀", _ct, key);

        Assert.Equal(201, answer.Status);
        var sent = answer.Envelope;
        Assert.Equal(["client_id", "message_id", "seq", "conversation", "conversation_seq", "created_at"], sent.Names());
        Assert.Equal((key, 1, 1), (sent.Text("client_id"), sent.Number("seq"), sent.Number("conversation_seq")));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$", sent.Text("created_at"));
        Assert.Equal($"/api/v2/conversations/{sent.Number("conversation")}/messages?around=1", answer.Headers.Location?.ToString());
        Assert.Equal([Guid.Parse(sent.Text("message_id")!)], await StoredAsync(key));
        Assert.Equal("hello 😀", (await alices.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task TheSameKeyAgainIsAnsweredWithWhatWasStoredFirst()
    {
        var (bob, alice, carol) = (await RegisterAsync(), await RegisterAsync(), await RegisterAsync());
        using var other = new ChatClient(servers.B);
        var first = await servers.Client.SayAsync(bob, alice, "first", _ct, "the-key");

        foreach (var again in (ChatAnswer[])
            [
                await servers.Client.SayAsync(bob, alice, "first", _ct, "the-key"),
                await other.SayAsync(bob, alice, "first", _ct, "\"the-key\""),
                await other.PostMessageAsync(
                    bob, "the-key",
                    $$"""{"message_type":0,"message":"\u0066irst","recipient":"{{alice.Username.ToUpperInvariant()}}"}""", _ct),
            ])
        {
            Assert.Equal(200, again.Status);
            Assert.True(again.Envelope.GetProperty("duplicate").GetBoolean());
            Assert.Equal(first.Envelope.EnumerateObject().Select(ToText), again.Envelope.EnumerateObject().SkipLast(1).Select(ToText));
        }

        Assert.Equal(201, (await servers.Client.SayAsync(carol, alice, "her own key", _ct, "the-key")).Status);
        static string ToText(System.Text.Json.JsonProperty field) => field.ToString();
    }

    [Fact]
    public async Task AKeyThatNamesAnotherMessageIsRefusedAndNothingIsStored()
    {
        var (bob, alice, carol) = (await RegisterAsync(), await RegisterAsync(), await RegisterAsync());
        using var other = new ChatClient(servers.B);
        var key = V2Requests.NewKey();
        await servers.Client.SayAsync(bob, alice, "first", _ct, key);

        ChatAnswer[] refused =
        [
            await servers.Client.SayAsync(bob, alice, "another text", _ct, key),
            await other.SayAsync(bob, carol, "first", _ct, key),
            await other.SayAsync(bob, bob, "first", _ct, $"\"{key}\""),
            await servers.Client.PostMessageAsync(
                bob, key, $$"""{"message_type":1,"message":"first","recipient":"{{alice.Username}}"}""", _ct),
        ];

        Assert.All(refused, answer => answer.AssertProblem(422, "idempotency_key_reused", "Idempotency-Key"));
        Assert.Single(await StoredAsync(key));
        var synced = await servers.Client.SyncAsync(bob, "?since=0", _ct);
        Assert.Equal(1, synced.Envelope.Number("head"));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\"a")]
    [InlineData("a\"")]
    [InlineData("\"a\"b\"")]
    [InlineData("\"a\";p=1")]
    public async Task AKeyThatIsQuotedByHalvesIsNone(string key)
    {
        var bob = await RegisterAsync();

        (await servers.Client.SayAsync(bob, bob, "hello", _ct, key)).AssertProblem(400, "invalid", "Idempotency-Key");
    }

    [Fact]
    public async Task TwentyPostsOfOneKeyAtOnceOnTwoServersStoreOneMessage()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        using var other = new ChatClient(servers.B);
        var key = V2Requests.NewKey();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? servers.Client : other).SayAsync(bob, alice, "the same", _ct, key)));

        Assert.Equal([200, 201], answers.Select(answer => answer.Status).Distinct().Order());
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Single(answers.Select(answer => answer.Envelope.Text("message_id")).Distinct());
        Assert.Single(await StoredAsync(key));
    }

    [Fact]
    public async Task WhoSendsFasterThanFromASocketIsToldToWaitAndNobodyElseIs()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        var began = TimeProvider.System.GetTimestamp();

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => servers.Client.SayAsync(bob, alice, $"{i}", _ct)));
        List<ChatAnswer> further = [];
        for (var i = 0; i < 200; i++)
            further.Add(await servers.Client.SayAsync(bob, alice, $"further {i}", _ct));

        var sent = answers.Concat(further).Count(answer => answer.Status == 201);
        var allowed = 30 + 10 * TimeProvider.System.GetElapsedTime(began).TotalSeconds + 1;
        Assert.InRange(sent, 30, allowed);
        var refused = further.Where(answer => answer.Status != 201).ToList();
        Assert.All(refused, answer =>
        {
            answer.AssertProblem(429, "rate_limited");
            Assert.NotNull(answer.Headers.RetryAfter);
        });
        Assert.Equal(201, (await servers.Client.SayAsync(alice, bob, "me too", _ct)).Status);
    }

    [Fact]
    public async Task MessagesOfManyRequestsAtOnceAllGetPlacesOfTheirOwn()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => servers.Client.SayAsync(bob, alice, $"{i}", _ct)));

        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Equal(
            Enumerable.Range(1, 30).Select(i => (long)i), answers.Select(answer => answer.Envelope.Number("conversation_seq")).Order());
    }

    [Fact]
    public async Task ANoteToOneselfAndAPhotoAreMessagesLikeOthers()
    {
        var bob = await RegisterAsync();

        var note = await servers.Client.SayAsync(bob, bob, "note", _ct);
        var photo = await servers.Client.PostMessageAsync(
            bob, V2Requests.NewKey(),
            $$"""{"message_type":1,"message":"photo.jpg","recipient":"{{bob.Username.ToUpperInvariant()}}","x":[{}]}""", _ct);

        Assert.Equal((201, 1), (note.Status, note.Envelope.Number("seq")));
        Assert.Equal((201, 2), (photo.Status, photo.Envelope.Number("seq")));
        var synced = await servers.Client.SyncAsync(bob, "?since=0", _ct);
        Assert.Equal([0, 1], synced.Envelope.GetProperty("messages").EnumerateArray().Select(message => message.Number("message_type")));
    }

    [Fact]
    public async Task ARecipientNobodyKnowsIsTheRequestsFault()
    {
        var bob = await RegisterAsync();
        foreach (var name in (string[])["nobody_of_this_name", "a b", "*", "%27--"])
        {
            var answer = await servers.Client.PostMessageAsync(
                bob, V2Requests.NewKey(), $$"""{"recipient":"{{name}}","message":"hello?"}""", _ct);
            answer.AssertProblem(400, "unknown_recipient", "recipient");
        }
    }

    [Fact]
    public async Task TheAuthorMayBeNamedAndAnotherIsForbidden()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        foreach (var (author, status) in ((string, int)[])
            [(bob.Username, 201), (bob.Username.ToUpperInvariant(), 201), (alice.Username, 403), ("nobody_of_this_name", 403)])
        {
            var key = V2Requests.NewKey();

            var answer = await servers.Client.PostMessageAsync(
                bob, key, $$"""{"author":"{{author}}","recipient":"{{alice.Username}}","message":"hello"}""", _ct);

            Assert.Equal((author, status), (author, answer.Status));
            Assert.Equal(status == 201 ? 1 : 0, (await StoredAsync(key)).Count);
            if (status == 403)
                answer.AssertProblem(403, "forbidden", "author");
        }
    }

    private Task<ChatUser> RegisterAsync() => servers.Client.RegisterAsync(_ct);

    private Task<IReadOnlyList<Guid>> StoredAsync(string key) =>
        Sql.QueryAsync<Guid>(servers.ConnectionString, $"SELECT message_id FROM messages WHERE client_id = '{key}'", _ct);
}
