using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

public sealed class ConnectionTests(ClientServers servers) : IClassFixture<ClientServers>, IDisposable
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("chatable-client-").FullName;

    [Fact]
    public async Task TwoClientsOnTwoServersTalkInOrder()
    {
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);

        var sent = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => alice.SendAsync(bob, $"{i}", _ct)));
        await bob.HasAsync(20, _ct);
        var answer = await bob.SendAsync(alice, "well?", _ct);
        await alice.HasAsync(1, _ct);

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}"), bob.Texts);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), sent.Select(one => one.ConversationSeq));
        Assert.Equal(21, answer.ConversationSeq);
        Assert.Equal(["well?"], alice.Texts);
    }

    [Fact]
    public async Task AServerStopsAndTheConversationGoesOnThroughAnother()
    {
        var stopping = await servers.StartApiAsync(_ct);
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        await using var bob = await servers.StartMemberAsync(_ct, stopping.Address, servers.B);
        await bob.OnlineAsync(_ct);

        var sending = Task.WhenAll(Enumerable.Range(1, 20).Select(i => alice.SendAsync(bob, $"{i}", _ct)));
        await bob.HasAsync(5, _ct);
        await Task.Run(stopping.Dispose, _ct);
        await sending;
        await bob.HasAsync(20, _ct);
        await bob.SendAsync(alice, "still here", _ct);
        await alice.HasAsync(1, _ct);

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}"), bob.Texts);
    }

    [Fact]
    public async Task WhatIsWrittenOfflineGoesOutOnceAfterARestart()
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);
        var nobody = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        var (name, token) = await servers.RegisterAsync(_ct);
        for (var start = 0; start < 2; start++)
        {
            await using var store = new FileChatStore(Path.Combine(_folder, name));
            await using var offline = await Member.StartAsync(name, token, store, [nobody], _ct);
            using var patience = new CancellationTokenSource();
            var waiting = offline.SendAsync(bob, $"start {start}", patience.Token);
            await Eventually.HoldsAsync(() => Task.FromResult(offline.Connection.Unacknowledged == start + 1), "it is stored", _ct);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        for (var start = 2; start < 4; start++)
        {
            await using var store = new FileChatStore(Path.Combine(_folder, name));
            await using var online = await Member.StartAsync(name, token, store, [servers.A], _ct);
            await online.SendAsync(bob, $"start {start}", _ct);
            await Eventually.HoldsAsync(() => Task.FromResult(online.Connection.Unacknowledged == 0), "everything is acknowledged", _ct);
        }

        await bob.HasAsync(4, _ct);
        Assert.Equal(["start 0", "start 1", "start 2", "start 3"], bob.Texts);
    }

    [Fact]
    public async Task WhatCameMeanwhileIsThereAfterARestartAndWhatWasTakenIsNot()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        var texts = new List<string>();
        for (var start = 0; start < 3; start++)
        {
            await using var store = new FileChatStore(Path.Combine(_folder, name));
            await using var alice = await Member.StartAsync(name, token, store, [servers.A], _ct);
            await alice.OnlineAsync(_ct);
            await bob.SendAsync(alice, $"to start {start}", _ct);
            await alice.HasAsync(start == 0 ? 1 : 2, _ct);
            texts.AddRange(alice.Texts);
            await alice.DisposeAsync();
            await bob.SendAsync(alice, $"after start {start}", _ct);
        }

        Assert.Equal(["to start 0", "after start 0", "to start 1", "after start 1", "to start 2"], texts);
    }

    [Fact]
    public async Task ARefusedMessageThrowsAndTheNextOnesGoOn()
    {
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);

        var refused = await Assert.ThrowsAsync<ChatSendException>(
            () => alice.Connection.SendAsync("nobody_at_all", "?", cancellationToken: _ct));
        var tooLarge = await Assert.ThrowsAsync<ChatSendException>(() => alice.SendAsync(bob, new string('x', 20_000), _ct));
        var first = await alice.Connection.SendAsync(bob.Name, "once", clientId: "mine", cancellationToken: _ct);
        var again = await alice.Connection.SendAsync(bob.Name, "once", clientId: "mine", cancellationToken: _ct);
        var reused = await Assert.ThrowsAsync<ChatSendException>(
            () => alice.Connection.SendAsync(bob.Name, "twice", clientId: "mine", cancellationToken: _ct));
        await bob.HasAsync(1, _ct);

        Assert.Equal("unknown_recipient", refused.Code);
        Assert.Equal("too_large", tooLarge.Code);
        Assert.Equal("idempotency_key_reused", reused.Code);
        Assert.Equal(first, again);
        Assert.Equal(["once"], bob.Texts);
        Assert.Equal(ChatState.Online, alice.Connection.Status.State);
    }

    [Fact]
    public async Task ATokenThatHasEndedEndsTheConnectionAndTheWaits()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        await using var alice = await Member.StartAsync(name, token, new InMemoryChatStore(), [servers.A], _ct);
        await alice.OnlineAsync(_ct);

        await alice.Client.Accounts.LogoutAsync(token, _ct);
        await Eventually.HoldsAsync(() => Task.FromResult(alice.Connection.Status.State == ChatState.Stopped), "the connection stops", _ct);

        Assert.Equal(ChatStopReason.Unauthenticated, alice.Connection.Status.Reason);
        await Assert.ThrowsAsync<ChatStoppedException>(() => alice.Connection.SendAsync(name, "?", cancellationToken: _ct));
    }

    [Fact]
    public async Task ANewTokenIsFetchedBeforeTheOldOneEnds()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var fresh = new ConcurrentQueue<ChatToken>();
        var credentials = new ChatCredentials(token with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) })
        {
            Refreshed = (next, _) =>
            {
                fresh.Enqueue(next);
                return ValueTask.CompletedTask;
            },
        };
        await using var alice = await Member.StartAsync(name, credentials, new InMemoryChatStore(), [servers.A], _ct);
        await alice.OnlineAsync(_ct);

        Assert.Equal(credentials.Token, Assert.Single(fresh));
        Assert.NotEqual(token.AccessKeyId, credentials.Token.AccessKeyId);
    }

    [Fact]
    public async Task ASlowApplicationPausesReadingAndLosesNothing()
    {
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await servers.RegisterAsync(_ct);
        var slow = new ChatableClientOptions { Url = servers.B, Connection = { InboxCapacity = 2 } };
        using var client = new ChatableClient(slow);
        await using var connection = client.CreateConnection(new ChatCredentials(token), new InMemoryChatStore());
        await connection.StartAsync(_ct);
        await Eventually.HoldsAsync(() => Task.FromResult(connection.Cursor is not null), "the connection is online", _ct);

        await Task.WhenAll(Enumerable.Range(1, 10).Select(i => alice.Connection.SendAsync(name, $"{i}", cancellationToken: _ct)));
        await Eventually.HoldsAsync(() => Task.FromResult(connection.Cursor?.Seq == 2), "two messages are read", _ct);
        var taken = new List<string>();
        await foreach (var message in connection.ReceiveAsync(_ct))
        {
            taken.Add(message.Text);
            if (taken.Count == 10)
                break;
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"{i}"), taken);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
