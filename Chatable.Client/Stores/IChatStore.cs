namespace Chatable.Client;

/// <summary>
/// A device's persistent state: its outbox and its cursor. Each call is one transaction. A connection never makes two calls at a time. An
/// exception ends the connection with <see cref="ChatStopReason.StoreFailed"/>.
/// </summary>
public interface IChatStore : IAsyncDisposable
{
    /// <summary>Returns the whole content.</summary>
    ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Appends to the outbox. When it returns, the message must survive a crash.</summary>
    ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Removes an acknowledged message from the outbox, and remembers its seq until the cursor has passed it. Idempotent.
    /// </summary>
    ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a message that the server refused permanently from the outbox. When it returns, the removal must survive a crash: the
    /// application is told that the message is not sent.
    /// </summary>
    ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>
    /// Advances the cursor. A store that keeps messages stores <paramref name="taken"/> in the same transaction. It then holds every
    /// message exactly once, even after a crash.
    /// </summary>
    /// <param name="seq">The new seq; greater than the last one.</param>
    /// <param name="taken">The message that the application has taken. Null if the seqs passed were this device's own messages.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    ValueTask AdvanceAsync(long seq, ChatMessage? taken, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the cursor: on the first connection, and after a reset of the log. The outbox stays, and settled seqs are void. When it
    /// returns, the cursor must survive a crash: without one, the log begins at the server's head of that later time.
    /// </summary>
    ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the cursor's epoch, and removes settled seqs after <paramref name="upTo"/>. Up to there the log is unchanged. The cursor's
    /// seq stays. A store that does nothing starts over once instead: the server resets a cursor of a past epoch.
    /// </summary>
    ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
