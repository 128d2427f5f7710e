namespace Chatable.Client.Stores;

/// <summary>
/// An append-only file: the line <c>chatable-client 2</c>, then one <see cref="JournalLine"/> per change. The process or the machine may
/// crash at any byte. An incomplete last line is ignored, and a line with the whole state voids everything before it. The file is never
/// renamed or replaced. The lock on it therefore protects its content under every name of the file, and systems that cannot rename an open
/// file need no special case.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>The journal is compacted from this length on.</summary>
    public const int CompactAtLeast = 64 * 1024;

    private readonly FileStream _file;
    private readonly StoreState _state;
    private readonly int _compactAtLeast;
    private long _length;
    private long _compactAt;

    // Something was written that is not flushed yet.
    private bool _isDirty;

    // A flush failed: it is unknown which earlier writes are on the disk.
    private bool _isInDoubt;

    // The remains of a failed write could not be cut off.
    private bool _isRagged;

    // The bytes after the last whole line are ignored. They stay in the file, to be reported again, until the next write.
    private bool _hasTail;

    private Journal(FileStream file, StoreState state, int compactAtLeast)
    {
        _file = file;
        _state = state;
        _compactAtLeast = compactAtLeast;
        _compactAt = compactAtLeast;
    }

    /// <summary>The damage that was dropped on opening.</summary>
    public ChatStoreDamage? Damage { get; private init; }

    /// <summary>Replays the file into <paramref name="state"/>, or starts a new journal if it is empty.</summary>
    /// <param name="file">A file opened for this journal alone, which disposes it.</param>
    /// <param name="state">An empty state. From now on it changes with the journal.</param>
    /// <param name="compactAtLeast">The length from which on the journal is compacted.</param>
    /// <exception cref="InvalidDataException">The file is damaged before its end, or is not a journal of this version.</exception>
    public static Journal Open(FileStream file, StoreState state, int compactAtLeast)
    {
        var content = new byte[file.Length];
        file.ReadExactly(content);
        var length = JournalReplay.Run(content, state);
        var damage = length > 0 && length < content.Length
            ? new ChatStoreDamage(length, content.Length - length, state.Content)
            : null;
        var journal = new Journal(file, state, compactAtLeast) { _length = length, _hasTail = length < content.Length, Damage = damage };
        if (length == 0)
        {
            journal.Write(JournalLine.Header);
            journal.Flush();
            FolderEntry.Flush(file.Name);
        }

        return journal;
    }

    /// <summary>
    /// Writes a change, then applies it. After it returns, the change survives a crash of the process; if it is
    /// <see cref="JournalRecord.IsDurable"/>, also of the machine. If it throws, nothing has changed.
    /// </summary>
    public void Change(JournalRecord change)
    {
        // A change that cannot be replayed must not be written.
        change.Verify(_state);
        if (_isRagged || (_isInDoubt && change.IsDurable))
            WriteState();
        // Flushed first: a whole durable line after a torn part then proves that the part was confirmed, which makes it damage.
        else if (_isDirty && change.IsDurable)
            Flush();
        Append(JournalLine.Write(change), change.IsDurable);
        change.ApplyTo(_state);
        if (_length > _compactAt)
            Compact();
    }

    public void Dispose()
    {
        try
        {
            Flush();
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            // Changes that must survive were flushed when they were written.
        }
        finally
        {
            _file.Dispose();
        }
    }

    private static bool IsDiskFault(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private void Append(ReadOnlySpan<byte> line, bool durable)
    {
        var before = _length;
        try
        {
            Write(line);
            if (durable)
                Flush();
        }
        catch
        {
            Cut(before);
            throw;
        }
    }

    // Voids everything doubtful before it. The empty line ends a half-written line that may precede it.
    private void WriteState()
    {
        Append([(byte)'\n', .. JournalLine.Write(JournalRecord.Whole(_state))], durable: true);
        _isInDoubt = _isRagged = false;
    }

    /// <summary>
    /// Shortens the journal to its state. Each step leaves a valid journal of that state: first the state is appended, which voids
    /// everything before it. Then it is written over the beginning, and then the rest is cut off. A failed step does not fail the change
    /// that led here, which is already written. The journal is then longer than necessary, and is compacted later.
    /// </summary>
    private void Compact()
    {
        byte[] whole = [.. JournalLine.Header, .. JournalLine.Write(JournalRecord.Whole(_state))];
        var end = _length;
        _compactAt = _length + Math.Max(_compactAtLeast, whole.Length);
        if (whole.Length > end)
            return;

        try
        {
            WriteState();
            _file.Position = 0;
            _file.Write(whole);
            Flush();
            _file.SetLength(whole.Length);
            _length = whole.Length;
            Flush();
            _compactAt = Math.Max(_compactAtLeast, 2 * _length);
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            // The threshold stays raised, so that the next attempt does not come with the next change.
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_hasTail)
            _file.SetLength(_length);
        _hasTail = false;
        _isDirty = true;
        _file.Position = _length;
        _file.Write(bytes);
        _length += bytes.Length;
    }

    private void Flush()
    {
        try
        {
            _file.Flush(flushToDisk: true);
            _isDirty = false;
        }
        catch
        {
            // A system may forget what it failed to write, and report the next flush as a success.
            _isInDoubt = true;
            throw;
        }
    }

    // The file may end in half a line, or in a whole one whose writer was told that it failed.
    private void Cut(long length)
    {
        _length = length;
        try
        {
            _file.SetLength(length);
        }
        catch (Exception exception) when (IsDiskFault(exception))
        {
            _isRagged = true;
        }
    }
}
