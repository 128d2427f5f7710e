using Chatable.Client.Stores;

namespace Chatable.Client;

/// <summary>
/// Keeps the outbox and the cursor in a file, for one process at a time. Completed calls survive a crash of the process at any moment.
/// Added and refused messages and a cursor that was set also survive a crash of the machine. A cursor that was advanced may then fall back
/// a little, so some messages come again. Only the file's owner can read it. It contains the texts of unacknowledged messages.
/// </summary>
public sealed class FileChatStore : IChatStore
{
    private readonly StoreState _state = new();
    private readonly Lock _lock = new();
    private readonly Journal _journal;
    private bool _isDamageTold;
    private bool _isDisposed;

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="path">
    /// The file, by any of its names. No other file is created. The folder must exist.
    /// </param>
    /// <exception cref="IOException">The file is open in another process, or in another store of this one.</exception>
    /// <exception cref="InvalidDataException">The file is damaged before entries that were stored, or is not a store.</exception>
    public FileChatStore(string path)
        : this(Open(path), Journal.CompactAtLeast)
    {
    }

    internal FileChatStore(FileStream file, int compactAtLeast)
    {
        try
        {
            _journal = Journal.Open(file, _state, compactAtLeast);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Raised if the end of the file was incomplete and was cut off. The first <see cref="LoadAsync"/> raises it, which is the first call
    /// of a connection to its store.
    /// </summary>
    public event Action<ChatStoreDamage>? Damaged;

    /// <inheritdoc/>
    public ValueTask<ChatStoreContent> LoadAsync(CancellationToken cancellationToken)
    {
        ChatStoreContent content;
        ChatStoreDamage? damage;
        lock (_lock)
        {
            content = _state.Content;
            damage = _isDamageTold ? null : _journal.Damage;
            _isDamageTold = true;
        }

        if (damage is not null)
            Damaged?.Invoke(damage);
        return ValueTask.FromResult(content);
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(OutgoingMessage message, CancellationToken cancellationToken) => Change(JournalRecord.Add(message));

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

    /// <inheritdoc/>
    public ValueTask GoOnAsync(ChatCursor upTo, CancellationToken cancellationToken) => Change(JournalRecord.GoOn(upTo));

    /// <summary>Closes the file. Another process may then open it.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _journal.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    // No sharing: the system locks the file itself, not one of its names.
    internal static FileStreamOptions OpenOptions()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };
        // Messages must not be readable by other users.
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new FileStream(path, OpenOptions());
    }

    private ValueTask Change(JournalRecord change)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _journal.Change(change);
        }

        return ValueTask.CompletedTask;
    }
}
