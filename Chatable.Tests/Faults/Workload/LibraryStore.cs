using Chatable.Client;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// The store of a library device whose process can die: then nothing more is written. It reports a taken message in the same step that
/// moves the cursor, as an application does that keeps messages and cursor in one transaction.
/// </summary>
/// <param name="store">The real store; its calls complete before they return.</param>
/// <param name="taken">Called for each message, with the cursor.</param>
internal sealed class LibraryStore(IChatStore store, Action<ChatMessage> taken) : IChatStore
{
    private volatile bool _isDead;
    private long _cursor;

    public bool IsDead => _isDead;

    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>Calls that have begun complete; later ones fail.</summary>
    public void Die() => _isDead = true;

    public async ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken)
    {
        var content = await store.LoadAsync(cancellationToken);
        Volatile.Write(ref _cursor, content.Cursor?.Seq ?? 0);
        return content;
    }

    public ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        IfAlive(() => store.AddAsync(message, cancellationToken));

    public ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken) =>
        IfAlive(() => store.SettleAsync(clientId, seq, cancellationToken));

    public ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken) =>
        IfAlive(() => store.RemoveAsync(clientId, cancellationToken));

    public ValueTask AdvanceAsync(long seq, ChatMessage? message, CancellationToken cancellationToken) => IfAlive(async () =>
    {
        await store.AdvanceAsync(seq, message, cancellationToken);
        if (message is not null)
            taken(message);
        Volatile.Write(ref _cursor, seq);
    });

    public ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken) => IfAlive(async () =>
    {
        await store.ResetAsync(cursor, cancellationToken);
        Volatile.Write(ref _cursor, cursor.Seq);
    });

    public ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) =>
        IfAlive(() => store.GoOnAsync(upTo, cancellationToken));

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private ValueTask IfAlive(Func<ValueTask> change) => _isDead ? throw new IOException("The process is dead.") : change();
}
