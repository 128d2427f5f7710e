using Chatable.Client.Stores;

namespace Chatable.Client;

/// <summary>
/// Keeps the outbox and the cursor in a file, for one process at a time. What a call has written survives the death of the process at
/// any moment. The machine's death survive added messages, refused ones, and a cursor that was set; a cursor that was moved may then fall
/// back a little: messages come again. The file is readable by its owner only, and holds the texts of messages that are not acknowledged.
/// </summary>
public sealed class FileChatStore : IChatStore
{
    private readonly StoreState _state = new();
    private readonly Lock _lock = new();
    private readonly Journal _journal;
    private bool _isDamageTold;
    private bool _isDisposed;

    /// <summary>Opens the file, or begins it.</summary>
    /// <param name="path">
    /// The file, by whichever of its names; nothing else is written beside it. The folder must exist.
    /// </param>
    /// <exception cref="IOException">Another process, or another store of this one, has it open.</exception>
    /// <exception cref="InvalidDataException">It is damaged before entries that were stored, or no such file.</exception>
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
    /// The end of the file was no whole entry, and was cut off. Raised by the first <see cref="LoadAsync"/>, which is the first thing a
    /// connection does with its store.
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

    /// <summary>Closes the file; another process may open it.</summary>
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

    // Shared with nobody: the system locks the file itself, not one of its names.
    internal static FileStreamOptions OpenOptions()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };
        // Messages are nobody else's business.
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
