using System.Text.Json;
using Chatable.Tests.Delivery;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

public sealed class SyncTests(SyncTests.Servers servers) : IClassFixture<SyncTests.Servers>
{
    /// <summary>Servers that poll too rarely for a test to depend on polling.</summary>
    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Sync__LookEvery", "00:00:25")];
    }

    private static readonly TimeSpan s_lessThanAWait = TimeSpan.FromSeconds(20);

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheLogIsReadInPagesInItsOrder()
    {
        var (bob, alice) = await PairAsync("one", "two", "three");
        var epoch = await EpochAsync();

        var first = (await servers.Client.SyncAsync(alice, "?since=0&limit=2", _ct)).Envelope;
        Assert.Equal(["epoch", "head", "messages", "has_more"], first.Names());
        Assert.Equal((epoch, 3, true), (first.Text("epoch"), first.Number("head"), first.GetProperty("has_more").GetBoolean()));
        Assert.Equal(["one", "two"], Bodies(first));
        var second = (await servers.Client.SyncAsync(alice, $"?since=2&limit=2&epoch={epoch}", _ct)).Envelope;
        Assert.Equal(["three"], Bodies(second));
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Empty(Bodies((await servers.Client.SyncAsync(alice, $"?since=3&epoch={epoch}", _ct)).Envelope));

        var message = first.GetProperty("messages")[0];
        Assert.Equal(
            ["type", "seq", "message_id", "conversation", "conversation_seq", "created_at", "author", "recipient", "message",
             "message_type"],
            message.Names());
        FrameSchema.V2.AssertSentByServer(message);
        var own = (await servers.Client.SyncAsync(bob, "?since=0", _ct)).Envelope.GetProperty("messages")[0];
        Assert.True(ClientIdOf(own).Length > 0);
        FrameSchema.V2.AssertSentByServer(own);
    }

    [Fact]
    public async Task WithoutSinceItBeginsNow()
    {
        var (_, alice) = await PairAsync("before");
        var answer = (await servers.Client.SyncAsync(alice, "", _ct)).Envelope;
        Assert.Equal(("[]", 1), (answer.GetProperty("messages").GetRawText(), answer.Number("head")));
        Assert.False(answer.TryGetProperty("reset", out _));
    }

    [Theory]
    [InlineData("?since=1")]
    [InlineData("?since=1&epoch=00000000-0000-0000-0000-000000000000")]
    [InlineData("?since=1&epoch=no%20epoch")]
    [InlineData("?since=1&epoch=")]
    [InlineData("?since=2&epoch={epoch}")]
    [InlineData("?since=9223372036854775807&epoch={epoch}&wait=25")]
    public async Task ACursorThatCannotBeHonouredIsReset(string query)
    {
        var (_, alice) = await PairAsync("one");
        var epoch = await EpochAsync();
        var answer = await servers.Client.SyncAsync(alice, query.Replace("{epoch}", epoch, StringComparison.Ordinal), _ct);
        Assert.Equal(
            $$"""{"epoch":"{{epoch}}","head":1,"reset":true,"messages":[],"has_more":false}""", answer.Envelope.GetRawText());
    }

    [Theory]
    [InlineData("?since=0")]
    [InlineData("?since=0&epoch=11111111-2222-3333-4444-555555555555")]
    public async Task EverythingMayBeAskedForInAnyEpoch(string query)
    {
        var (_, alice) = await PairAsync("one");
        Assert.Equal(["one"], Bodies((await servers.Client.SyncAsync(alice, query, _ct)).Envelope));
    }

    [Theory]
    [InlineData("?wait=25")]
    [InlineData("?since=0&wait=25")]
    public async Task AWaitEndsWithAMessageSentOnAnotherServer(string query)
    {
        var (bob, alice) = await PairAsync();
        using var other = new ChatClient(servers.B);
        var waiting = other.SyncAsync(alice, query, _ct);
        await RegisteredAsync(alice);

        Assert.Equal(201, (await servers.Client.SayAsync(bob, alice, "wake up", _ct)).Status);

        var answer = await waiting.WaitAsync(s_lessThanAWait, _ct);
        Assert.Equal(["wake up"], Bodies(answer.Envelope));
        Assert.Equal(1, answer.Envelope.Number("head"));
    }

    [Fact]
    public async Task AWaitInWhichNothingComesEndsEmptyInItsTime()
    {
        var (_, alice) = await PairAsync("one");
        var began = TimeProvider.System.GetTimestamp();
        var answer = await servers.Client.SyncAsync(alice, $"?since=1&epoch={await EpochAsync()}&wait=1", _ct);
        Assert.Equal((200, "[]"), (answer.Status, answer.Envelope.GetProperty("messages").GetRawText()));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task OneWaitTooManyEndsTheUsersOldest()
    {
        var (_, alice) = await PairAsync();
        var oldest = servers.Client.SyncAsync(alice, "?wait=25", _ct);
        await RegisteredAsync(alice);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var others = Enumerable.Range(0, 8).Select(_ => servers.Client.SyncAsync(alice, "?wait=25", patience.Token)).ToArray();

        var answer = await oldest.WaitAsync(s_lessThanAWait, _ct);

        Assert.Equal((200, "[]"), (answer.Status, answer.Envelope.GetProperty("messages").GetRawText()));
        Assert.DoesNotContain(others, other => other.IsCompleted);
        await patience.CancelAsync();
        foreach (var other in others)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
        await Eventually.HoldsAsync(async () => !await IsRegisteredAsync(alice), "she is no longer registered", _ct);
    }

    [Fact]
    public async Task AServerThatStopsEndsItsWaits()
    {
        var (_, alice) = await PairAsync();
        using var api = await servers.StartApiAsync(_ct);
        using var client = new ChatClient(api.Address);
        var waiting = client.SyncAsync(alice, "?wait=25", _ct);
        await RegisteredAsync(alice);
        Signals.Send(api.ProcessId, Signals.Terminate);

        var answer = await waiting.WaitAsync(s_lessThanAWait, _ct);
        Assert.Equal((200, "[]"), (answer.Status, answer.Envelope.GetProperty("messages").GetRawText()));
    }

    [Fact]
    public async Task AWaitOnATokenThatIsEndedIsRefusedOnEveryServerAndShowsNothingThatCameLater()
    {
        var (bob, alice) = await PairAsync();
        using var other = new ChatClient(servers.B);
        ChatClient[] clients = [servers.Client, other];
        var waiting = clients.Select(client => client.SyncAsync(alice, "?since=0&wait=25", _ct)).ToArray();
        await PollsAsync(alice, 2);

        Assert.Equal(200, (await servers.Client.SendAsync(HttpMethod.Delete, "/api/auth_token", alice.Token.ToJwt(), _ct)).Status);
        Assert.Equal(201, (await servers.Client.SayAsync(bob, alice, "not for the old token", _ct)).Status);

        foreach (var answer in waiting)
            (await answer.WaitAsync(s_lessThanAWait, _ct)).AssertProblem(401, "revoked");
    }

    [Fact]
    public async Task AWaitOnATokenThatIsExchangedIsRefusedAndTheNewOneReadsOn()
    {
        var (bob, alice) = await PairAsync();
        var waiting = servers.Client.SyncAsync(alice, "?since=0&wait=25", _ct);
        await PollsAsync(alice, 1);

        var fresh = await servers.Client.PostAsync(
            "/api/auth_token/refresh", new() { ["refresh_token"] = alice.Token.RefreshToken }, _ct);

        (await waiting.WaitAsync(s_lessThanAWait, _ct)).AssertProblem(401, "revoked");
        await servers.Client.SayAsync(bob, alice, "hello", _ct);
        alice = alice with { Token = ChatToken.From(fresh.Item) };
        Assert.Equal(["hello"], Bodies((await servers.Client.SyncAsync(alice, "?since=0&wait=25", _ct)).Envelope));
    }

    [Fact]
    public async Task AWaitDoesNotOutliveItsToken()
    {
        var (_, alice) = await PairAsync();
        await Sql.ExecuteAsync(
            servers.ConnectionString,
            "UPDATE auth_tokens SET expires_at = now() + interval '5 seconds' FROM users "
            + $"WHERE users.id = user_id AND username = '{alice.Username}'", _ct);

        var answer = await servers.Client.SyncAsync(alice, "?wait=25", _ct).WaitAsync(s_lessThanAWait, _ct);
        answer.AssertProblem(401, "token_expired");
    }

    [Fact]
    public async Task AWaitWhoseTokensEndWasNotAnnouncedIsRefusedWhenWordsComeAgain()
    {
        var (_, alice) = await PairAsync();
        var waiting = servers.Client.SyncAsync(alice, "?wait=25", _ct);
        await PollsAsync(alice, 1);
        await Sql.ExecuteAsync(
            servers.ConnectionString,
            $"UPDATE auth_tokens SET revoked_at = now() FROM users WHERE users.id = user_id AND username = '{alice.Username}'", _ct);

        await servers.Redis.GetServers().Single().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");

        (await waiting.WaitAsync(s_lessThanAWait, _ct)).AssertProblem(401, "revoked");
    }

    // The registry holds one entry per server with a waiting request.
    private Task PollsAsync(ChatUser user, int many) => Eventually.HoldsAsync(
        async () => await RegisteredCountAsync(user) == many, "the waiting user is registered", _ct);

    private async Task<(ChatUser Bob, ChatUser Alice)> PairAsync(params string[] messages)
    {
        var (bob, alice) = (await servers.Client.RegisterAsync(_ct), await servers.Client.RegisterAsync(_ct));
        foreach (var message in messages)
            Assert.Equal(201, (await servers.Client.SayAsync(bob, alice, message, _ct)).Status);
        return (bob, alice);
    }

    private async Task<string> EpochAsync() =>
        (await Sql.QueryAsync<Guid>(servers.ConnectionString, "SELECT epoch FROM log_epoch", _ct)).Single().ToString("D");

    private Task RegisteredAsync(ChatUser user) =>
        Eventually.HoldsAsync(() => IsRegisteredAsync(user), "the waiting user is registered", _ct);

    private async Task<bool> IsRegisteredAsync(ChatUser user) => await RegisteredCountAsync(user) > 0;

    private async Task<long> RegisteredCountAsync(ChatUser user)
    {
        var id = (await Sql.QueryAsync<long>(
            servers.ConnectionString, $"SELECT id FROM users WHERE username = '{user.Username}'", _ct)).Single();
        return await servers.Redis.GetDatabase().SetLengthAsync($"u:{{{id}}}");
    }

    private static string ClientIdOf(JsonElement message) => message.Text("client_id")!;

    private static IEnumerable<string> Bodies(JsonElement answer) =>
        answer.GetProperty("messages").EnumerateArray().Select(message => message.Text("message")!);
}
