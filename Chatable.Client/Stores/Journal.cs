namespace Chatable.Client.Stores;

/// <summary>
/// An append-only file: the line <c>chatable-client 1</c>, then one <see cref="JournalLine"/> a change. A process may die at any byte:
/// a last line that is not whole never happened.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly string _path;
    private FileStream _file;
    private bool _isBroken;

    private Journal(string path, FileStream file)
    {
        _path = path;
        _file = file;
    }

    public long Length { get; private set; }

    private static ReadOnlySpan<byte> Header => "chatable-client 1\n"u8;

    /// <summary>Opens or begins it, and replays it into <paramref name="state"/>.</summary>
    /// <exception cref="InvalidDataException">It is damaged before its end, or no journal of this version.</exception>
    public static Journal Open(string path, StoreState state)
    {
        var content = File.Exists(path) ? File.ReadAllBytes(path) : [];
        var length = Replay(content, state);
        if (length == 0)
        {
            WriteWhole(path, state);
            length = (int)new FileInfo(path).Length;
        }

        var journal = new Journal(path, OpenFile(path, FileMode.Open)) { Length = length };
        // What follows the last whole line never happened, and nothing may be appended to it.
        journal._file.SetLength(length);
        journal._file.Seek(0, SeekOrigin.End);
        return journal;
    }

    /// <param name="record">The change.</param>
    /// <param name="durable">
    /// Whether it must survive the machine's crash. Any change survives the process's: the system has it when this returns.
    /// </param>
    public void Append(JournalRecord record, bool durable)
    {
        if (_isBroken)
            throw new IOException("An earlier write to the journal failed and could not be undone.");

        var line = JournalLine.Write(record);
        try
        {
            _file.Write(line);
            _file.Flush(flushToDisk: durable);
            Length += line.Length;
        }
        catch
        {
            // Half a line may stand there, and the next one would make of it damage in the middle.
            _isBroken = !TryCut();
            throw;
        }
    }

    /// <summary>Puts a shorter journal of the same state in its place; whenever the process dies, one of both is there whole.</summary>
    public void Compact(StoreState state)
    {
        WriteWhole(_path, state);
        var shorter = OpenFile(_path, FileMode.Open);
        shorter.Seek(0, SeekOrigin.End);
        _file.Dispose();
        _file = shorter;
        Length = shorter.Length;
    }

    public void Dispose()
    {
        if (!_isBroken)
            _file.Flush(flushToDisk: true);
        _file.Dispose();
    }

    private static FileStream OpenFile(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        // Messages are nobody else's business.
        if (mode == FileMode.Create && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    private static void WriteWhole(string path, StoreState state)
    {
        var fresh = $"{path}.new";
        using (var file = OpenFile(fresh, FileMode.Create))
        {
            file.Write([.. Header, .. JournalRecord.Of(state).SelectMany(JournalLine.Write)]);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
    }

    /// <returns>The length up to which it is whole; 0 where it has not even its first line.</returns>
    private static int Replay(ReadOnlySpan<byte> content, StoreState state)
    {
        if (Header.StartsWith(content))
            return content.Length == Header.Length ? content.Length : 0;
        if (!content.StartsWith(Header))
            throw new InvalidDataException("The file is no journal of this version.");

        var position = Header.Length;
        while (content[position..].IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (!JournalLine.TryRead(content.Slice(position, end), out var record))
                return Torn(content[position..], position);
            record.ApplyTo(state);
            position += end + 1;
        }

        return position;
    }

    // A machine's crash can tear what was not flushed, several lines of it. An added message flushes everything before it: where one
    // follows, the disk has lost what it had confirmed, and going on would lose messages in silence.
    private static int Torn(ReadOnlySpan<byte> rest, int position)
    {
        foreach (var range in rest.Split((byte)'\n'))
        {
            if (JournalLine.TryRead(rest[range], out var record) && record.IsAdd)
                throw new InvalidDataException($"The journal is damaged at byte {position}, before messages that were stored.");
        }

        return position;
    }

    private bool TryCut()
    {
        try
        {
            _file.SetLength(Length);
            _file.Seek(0, SeekOrigin.End);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
