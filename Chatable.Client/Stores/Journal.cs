namespace Chatable.Client.Stores;

/// <summary>
/// An append-only file: the line <c>chatable-client 2</c>, then one <see cref="JournalLine"/> a change. A process or the machine may die
/// at any byte: a last line that is not whole never happened, and a line with the whole state voids everything before it.
/// The file is never renamed or replaced. So the lock on it is a lock on what it holds, whatever names lead to it; and systems that
/// do not let an open file be renamed are no special case.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>From this length on the journal is compacted.</summary>
    public const int CompactAtLeast = 64 * 1024;

    private readonly FileStream _file;
    private readonly StoreState _state;
    private readonly int _compactAtLeast;
    private long _length;
    private long _compactAt;

    // Something was written and not flushed yet.
    private bool _isDirty;

    // A flush failed: nobody knows what the disk holds of what was written before it.
    private bool _isInDoubt;

    // What a failed write has left could not be cut off.
    private bool _isRagged;

    // What follows the last whole line never happened. It stays there, to be told of again, until something is written.
    private bool _hasTail;

    private Journal(FileStream file, StoreState state, int compactAtLeast)
    {
        _file = file;
        _state = state;
        _compactAtLeast = compactAtLeast;
        _compactAt = compactAtLeast;
    }

    /// <summary>What had to be dropped when it was opened.</summary>
    public ChatStoreDamage? Damage { get; private init; }

    /// <summary>Replays it into <paramref name="state"/>, or begins it where it is empty.</summary>
    /// <param name="file">Open for this journal alone, which disposes it.</param>
    /// <param name="state">An empty one; from now on it changes with the journal.</param>
    /// <param name="compactAtLeast">From which length on it is compacted.</param>
    /// <exception cref="InvalidDataException">It is damaged before its end, or no journal of this version.</exception>
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
    /// Writes a change, then makes it. What it returns from survives the death of the process; where the change is
    /// <see cref="JournalRecord.IsDurable"/>, the machine's as well. Where it throws, nothing has changed.
    /// </summary>
    public void Change(JournalRecord change)
    {
        // A change that cannot be replayed must not be written.
        change.Verify(_state);
        if (_isRagged || (_isInDoubt && change.IsDurable))
            WriteState();
        // What is whole behind a tear was confirmed, then, and the tear is damage.
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
            // What must survive was flushed when it was written.
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

    // Voids whatever is in doubt before it. The empty line ends what may stand there half written.
    private void WriteState()
    {
        Append([(byte)'\n', .. JournalLine.Write(JournalRecord.Whole(_state))], durable: true);
        _isInDoubt = _isRagged = false;
    }

    /// <summary>
    /// Shortens the journal to its state. Each step leaves a journal of that state: the state is appended, which voids all before it;
    /// then it is written over the beginning; then the rest is cut off. A step that fails is no failure of the change that led here,
    /// which is written already: the journal is just longer than need be, and compacted later.
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
            // The system keeps the room it was asked for, so that the next attempt is not the next change.
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
            // A system may forget what it failed to write, and call the next flush a success.
            _isInDoubt = true;
            throw;
        }
    }

    // Half a line may stand there, or a whole one whose writer was told that it failed.
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
