namespace Chatable.Client.Stores;

/// <summary>Reads what a journal says, as far as it is whole.</summary>
internal static class JournalReplay
{
    /// <returns>The length up to which it is whole; 0 where it has not even its first line.</returns>
    /// <exception cref="InvalidDataException">It is damaged before its end, or no journal of this version.</exception>
    public static int Run(ReadOnlySpan<byte> content, StoreState state)
    {
        if (JournalLine.IsUnfinishedHeader(content))
            return 0;
        if (!JournalLine.HasHeader(content))
            throw new InvalidDataException("The file is no journal of this version.");

        var position = LastState(content);
        while (content[position..].IndexOf((byte)'\n') is >= 0 and var end)
        {
            var line = content.Slice(position, end);
            if (JournalLine.TryRead(line, out var record))
                record.ApplyTo(state);
            else if (!line.IsEmpty)
                return Torn(content[position..], position);
            position += end + 1;
        }

        return position;
    }

    // Where the last line begins that holds the whole state: what is before it is void, and may be half overwritten.
    private static int LastState(ReadOnlySpan<byte> content)
    {
        var end = content.LastIndexOf((byte)'\n');
        while (end >= JournalLine.Header.Length)
        {
            var start = content[..end].LastIndexOf((byte)'\n') + 1;
            if (JournalLine.TryRead(content[start..end], out var record) && record.IsWhole)
                return start;
            end = start - 1;
        }

        return JournalLine.Header.Length;
    }

    // A machine's crash can tear what was not flushed, several lines of it. A durable change flushes everything before it: where one
    // follows, the disk has lost what it had confirmed, and going on would lose messages in silence.
    private static int Torn(ReadOnlySpan<byte> rest, int position)
    {
        foreach (var range in rest.Split((byte)'\n'))
        {
            if (JournalLine.TryRead(rest[range], out var record) && record.IsDurable)
                throw new InvalidDataException($"The journal is damaged at byte {position}, before changes that were stored.");
        }

        return position;
    }
}
