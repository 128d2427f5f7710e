using Chatable.Client.Stores;

namespace Chatable.Client;

/// <summary>
/// Keeps the state in memory only: for tests, and for clients that start new every time. <see cref="ConnectionOptions.Start"/> says where
/// each start begins.
/// </summary>
public sealed class InMemoryChatStore : IChatStore
{
    private readonly StoreState _state = new();
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return ValueTask.FromResult(_state.Content);
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken) => Change(state => state.Add(message));

    /// <inheritdoc/>
    public ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken) =>
        Change(state => state.Settle(clientId, seq));

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken) => Change(state => state.Remove(clientId));

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(long seq, ChatMessage? taken, CancellationToken cancellationToken) =>
        Change(state => state.Advance(seq));

    /// <inheritdoc/>
    public ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken) => Change(state => state.Reset(cursor));

    /// <inheritdoc/>
    public ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) => Change(state => state.GoOn(upTo));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask Change(Action<StoreState> change)
    {
        lock (_lock)
            change(_state);
        return ValueTask.CompletedTask;
    }
}
