using Chatable.Client.Stores;

namespace Chatable.Client;

/// <summary>
/// Keeps the outbox and the cursor in a file, for one process at a time. What a call has written survives the death of the process at
/// any moment; an added message survives the machine's as well, while a cursor may then fall back a little: messages come again.
/// The file is readable by its owner only, and holds the texts of messages that are not acknowledged.
/// </summary>
public sealed class FileChatStore : IChatStore
{
    private const int CompactAtLeast = 64 * 1024;

    private readonly StoreState _state = new();
    private readonly Lock _lock = new();
    private readonly FileStream _owner;
    private readonly Journal _journal;
    private long _compactAt = CompactAtLeast;
    private bool _isDisposed;

    /// <summary>Opens the file, or begins it.</summary>
    /// <param name="path">The file; beside it stand <c>path.lock</c> and, for moments, <c>path.new</c>. The folder must exist.</param>
    /// <exception cref="IOException">Another process, or another store of this one, has it open.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or no such file.</exception>
    public FileChatStore(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _owner = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            _journal = Journal.Open(path, _state);
        }
        catch
        {
            _owner.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return ValueTask.FromResult(_state.Content);
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        Change(JournalRecord.Add(message), durable: true);

    /// <inheritdoc/>
    public ValueTask SettleAsync(string clientId, long seq, CancellationToken cancellationToken) =>
        Change(JournalRecord.Settle(clientId, seq));

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string clientId, CancellationToken cancellationToken) => Change(JournalRecord.Remove(clientId));

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(long seq, ChatMessage? taken, CancellationToken cancellationToken) =>
        Change(JournalRecord.Advance(seq));

    /// <inheritdoc/>
    public ValueTask ResetAsync(ChatCursor cursor, CancellationToken cancellationToken) => Change(JournalRecord.Reset(cursor));

    /// <summary>Closes the file; another process may open it.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _journal.Dispose();
                _owner.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask Change(JournalRecord change, bool durable = false)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // A change that cannot be replayed must not be written.
            change.Verify(_state);
            // Written first: what fails to be written has not happened in memory either.
            _journal.Append(change, durable);
            change.ApplyTo(_state);
            if (_journal.Length > _compactAt)
            {
                _journal.Compact(_state);
                _compactAt = Math.Max(CompactAtLeast, 2 * _journal.Length);
            }
        }

        return ValueTask.CompletedTask;
    }
}
