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

    public static byte[] Write(JournalRecord record)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.JournalRecord);
        return [.. Encoding.ASCII.GetBytes(ChecksumOf(json)), (byte)' ', .. json, (byte)'\n'];
    }

    /// <param name="line">Without its line feed.</param>
    /// <param name="record">What it says.</param>
    /// <returns>False where it is not a whole line that <see cref="Write"/> made.</returns>
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
