using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chatable.Client.Stores;

/// <summary>
/// A record with its checksum: the first 8 bytes of the JSON's SHA-256 in hexadecimal, a space, the JSON, a line feed.
/// <code>9F86D081884C7D65 {"op":"advance","seq":7}</code>
/// </summary>
internal static class JournalLine
{
    private const int ChecksumDigits = 16;

    /// <summary>The first line of a journal.</summary>
    public static ReadOnlySpan<byte> Header => "chatable-client 2\n"u8;

    // Version 1 has no lines with the whole state, and is otherwise the same.
    private static ReadOnlySpan<byte> FirstHeader => "chatable-client 1\n"u8;

    public static bool HasHeader(ReadOnlySpan<byte> content) => content.StartsWith(Header) || content.StartsWith(FirstHeader);

    /// <summary>Whether the journal's creation was interrupted: a file system can leave zeros where nothing was flushed.</summary>
    public static bool IsUnfinishedHeader(ReadOnlySpan<byte> content) =>
        content.Length <= Header.Length
        && !HasHeader(content)
        && (Header.StartsWith(content.TrimEnd((byte)0)) || FirstHeader.StartsWith(content));

    public static byte[] Write(JournalRecord record)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.JournalRecord);
        return [.. Encoding.ASCII.GetBytes(ChecksumOf(json)), (byte)' ', .. json, (byte)'\n'];
    }

    /// <param name="line">The line, without its line feed.</param>
    /// <param name="record">The record read.</param>
    /// <returns>False if it is not a whole line as <see cref="Write"/> creates it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out JournalRecord? record)
    {
        record = null;
        if (line.Length <= ChecksumDigits || line[ChecksumDigits] != (byte)' ')
            return false;

        var json = line[(ChecksumDigits + 1)..];
        if (!line[..ChecksumDigits].SequenceEqual(Encoding.ASCII.GetBytes(ChecksumOf(json))))
            return false;

        record = JsonSerializer.Deserialize(json, JournalJson.Default.JournalRecord);
        return record is not null;
    }

    private static string ChecksumOf(ReadOnlySpan<byte> json) => Convert.ToHexString(SHA256.HashData(json).AsSpan(0, ChecksumDigits / 2));
}
