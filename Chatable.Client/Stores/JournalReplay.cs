namespace Chatable.Client.Stores;

/// <summary>Replays the intact part of a journal.</summary>
internal static class JournalReplay
{
    /// <returns>The length of the intact part. 0 if even the first line is incomplete.</returns>
    /// <exception cref="InvalidDataException">The file is damaged before its end, or is not a journal of this version.</exception>
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

    // Returns the start of the last line with the whole state. Everything before it is void, and may be half overwritten.
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

    // A crash of the machine can tear unflushed data, several lines of it. A durable change flushes everything before it. If one follows
    // the tear, the disk has lost data that it had confirmed, and continuing would silently lose messages.
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
