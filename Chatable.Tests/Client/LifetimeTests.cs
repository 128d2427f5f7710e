using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

/// <summary>A connection is started, disposed or fails with its store at the worst moments.</summary>
public sealed class LifetimeTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>A store whose calls can be made to wait or to fail.</summary>
    private sealed class FragileStore : IChatStore
    {
        private readonly InMemoryChatStore _store = new();

        public TaskCompletionSource? Loading { get; init; }

        public string? Broken { get; set; }

        public async ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken)
        {
            if (Loading is { } loading)
                await loading.Task;
            return await _store.LoadAsync(cancellationToken);
        }

        public ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
            Call(nameof(AddAsync), () => _store.AddAsync(message, cancellationToken));

        public ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken) =>
            Call(nameof(SettleAsync), () => _store.SettleAsync(clientId, seq, cancellationToken));

        public ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken) =>
            Call(nameof(RemoveAsync), () => _store.RemoveAsync(clientId, cancellationToken));

        public ValueTask AdvanceAsync(long seq, ChatMessage? taken, CancellationToken cancellationToken) =>
            Call(nameof(AdvanceAsync), () => _store.AdvanceAsync(seq, taken, cancellationToken));

        public ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken) =>
            Call(nameof(ResetAsync), () => _store.ResetAsync(cursor, cancellationToken));

        public ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) =>
            Call(nameof(GoOnAsync), () => _store.GoOnAsync(upTo, cancellationToken));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ValueTask Call(string name, Func<ValueTask> call) =>
            Broken == name ? throw new TimeoutException("The disk is gone.") : call();
    }

    [Theory]
    [InlineData(ChatState.Connecting)]
    [InlineData(ChatState.Online)]
    public async Task AHandlerMayDisposeTheConnectionAndWaitForThat(ChatState state)
    {
        var (_, token) = await servers.RegisterAsync(_ct);
        await using var connection = servers.Library.CreateConnection(new ChatCredentials(token), new InMemoryChatStore());
        connection.StatusChanged += status =>
        {
            if (status.State == state)
                connection.DisposeAsync().AsTask().GetAwaiter().GetResult();
        };

        await connection.StartAsync(_ct);
        await Eventually.HoldsAsync(() => Task.FromResult(connection.Status.State == ChatState.Stopped), "the connection stops", _ct);
        await connection.DisposeAsync();

        Assert.Equal(ChatStopReason.Disposed, connection.Status.Reason);
    }

    [Fact]
    public async Task AHandlerOfAMessageMayDisposeTheConnection()
    {
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        alice.Connection.Sent += _ => alice.Connection.DisposeAsync().AsTask().GetAwaiter().GetResult();
        await alice.SendAsync(alice, "hello", _ct);
        await Eventually.HoldsAsync(() => Task.FromResult(alice.Connection.Status.State == ChatState.Stopped), "the connection stops", _ct);
    }

    [Fact]
    public async Task TheCallbackThatStoresATokenMayDisposeTheConnection()
    {
        var (_, token) = await servers.RegisterAsync(_ct);
        ChatConnection? connection = null;
        var credentials = new ChatCredentials(token with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) })
        {
            Refreshed = async (_, _) => await connection!.DisposeAsync(),
        };
        connection = servers.Library.CreateConnection(credentials, new InMemoryChatStore());

        await connection.StartAsync(_ct);
        await Eventually.HoldsAsync(() => Task.FromResult(connection.Status.State == ChatState.Stopped), "the connection stops", _ct);
        await connection.DisposeAsync();

        Assert.Equal(ChatStopReason.Disposed, connection.Status.Reason);
        Assert.NotEqual(token.AccessKeyId, credentials.Token.AccessKeyId);
    }

    [Fact]
    public async Task WhatAHandlerLeavesRunningWaitsForTheEnd()
    {
        var (_, token) = await servers.RegisterAsync(_ct);
        await using var connection = servers.Library.CreateConnection(new ChatCredentials(token), new InMemoryChatStore());
        var (go, states) = (new TaskCompletionSource(), new ConcurrentQueue<ChatState>());
        Task? disposing = null;
        connection.StatusChanged += status =>
        {
            states.Enqueue(status.State);
            if (status.State == ChatState.Online)
                disposing = DisposeLaterAsync();
        };
        await connection.StartAsync(_ct);
        await Eventually.HoldsAsync(() => Task.FromResult(disposing is not null), "the connection is online", _ct);

        go.SetResult();
        await disposing!;

        Assert.Equal(ChatState.Stopped, states.Last());

        async Task DisposeLaterAsync()
        {
            await go.Task;
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task AConnectionThatIsDisposedWhileItReadsItsStoreDoesNotStart()
    {
        var (_, token) = await servers.RegisterAsync(_ct);
        var store = new FragileStore { Loading = new TaskCompletionSource() };
        var connection = servers.Library.CreateConnection(new ChatCredentials(token), store);
        var states = new ConcurrentQueue<ChatStatus>();
        connection.StatusChanged += states.Enqueue;

        var starting = connection.StartAsync(_ct);
        await connection.DisposeAsync();
        store.Loading.SetResult();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => starting);
        Assert.Empty(states);
    }

    [Fact]
    public async Task AStoreThatCannotTakeAMessageEndsTheConnection()
    {
        var store = new FragileStore { Broken = nameof(IChatStore.AddAsync) };
        var (name, token) = await servers.RegisterAsync(_ct);
        await using var alice = await Member.StartAsync(name, token, store, [servers.A], _ct);
        await alice.OnlineAsync(_ct);

        await Assert.ThrowsAsync<TimeoutException>(() => alice.SendAsync(alice, "hello", _ct));
        await AssertStoreFailedAsync(alice);
    }

    [Theory]
    [InlineData(nameof(IChatStore.SettleAsync))]
    [InlineData(nameof(IChatStore.AdvanceAsync))]
    [InlineData(nameof(IChatStore.ResetAsync))]
    public async Task AStoreThatCannotKeepWhatCameEndsTheConnection(string broken)
    {
        var store = new FragileStore { Broken = broken };
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await servers.RegisterAsync(_ct);
        await bob.Connection.SendAsync(name, "hello", cancellationToken: _ct);
        await using var alice = await Member.StartAsync(name, token, store, [servers.A], _ct);
        var sending = alice.SendAsync(alice, "hello", _ct);
        await AssertStoreFailedAsync(alice);
        // The message may be acknowledged before the store fails.
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task AssertStoreFailedAsync(Member alice)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(alice.Connection.Status.State == ChatState.Stopped), "the connection stops", _ct);
        Assert.Equal(ChatStopReason.StoreFailed, alice.Connection.Status.Reason);
        var stopped = await Assert.ThrowsAsync<ChatStoppedException>(() => alice.SendAsync(alice, "and now?", _ct));
        Assert.IsType<TimeoutException>(stopped.InnerException);
    }
}
