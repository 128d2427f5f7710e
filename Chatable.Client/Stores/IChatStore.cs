namespace Chatable.Client;

/// <summary>
/// What a device must not forget: its outbox and how far it has come. Each call is one transaction. A connection never makes two calls
/// at a time. An exception ends the connection with <see cref="ChatStopReason.StoreFailed"/>.
/// </summary>
public interface IChatStore : IAsyncDisposable
{
    /// <summary>Everything in it.</summary>
    ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Appends to the outbox. When it returns, the message must survive a crash.</summary>
    ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an acknowledged message from the outbox, and remembers its place until the cursor has passed it. Twice is as good as once.
    /// </summary>
    ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a message from the outbox that the server refused for good. When it returns, that must survive a crash: the application is
    /// told that the message is not sent.
    /// </summary>
    ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>
    /// Moves the cursor. A store that keeps messages stores <paramref name="taken"/> in the same transaction, and then holds every
    /// message exactly once, whenever the process dies.
    /// </summary>
    /// <param name="seq">The new place; greater than the last one.</param>
    /// <param name="taken">The message that the application has taken; null where the places passed were this
    /// device's own messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask AdvanceAsync(long seq, ChatMessage? taken, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the cursor: at the first connection, and where the log has begun anew. The outbox stays; settled places are void. When it
    /// returns, the cursor must survive a crash: without one, the log begins where the server stands by then.
    /// </summary>
    ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the cursor another epoch, and forgets settled places after <paramref name="upTo"/>; up to there the log is the same. The
    /// cursor's place stays. A store that does nothing starts over once instead: the server resets a cursor of an epoch that is past.
    /// </summary>
    ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
