using System.IO.Hashing;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Distinguishes a resent message from a different one with the same client id: a 128-bit hash of the content. It need not resist attacks,
/// since a client id belongs to its author.
/// </summary>
public static class Fingerprint
{
    private const int MaxTargetBytes = 256;

    public static Guid Of(long conversation, MessageType type, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(body, hash, seed: conversation << 8 | (byte)type);
        return new Guid(hash, bigEndian: true);
    }

    /// <summary>
    /// Distinguishes commands of one author before it is known where they are stored. Usernames are not case-sensitive.
    /// </summary>
    public static Guid OfCommand(string target, MessageType type, ReadOnlySpan<byte> body)
    {
        Span<byte> name = stackalloc byte[MaxTargetBytes];
        var length = Encoding.UTF8.GetBytes(target.AsSpan(0, Math.Min(target.Length, MaxTargetBytes / 4)), name);
        Ascii.ToLowerInPlace(name[..length], out _);
        return Of((long)XxHash64.HashToUInt64(name[..length]), type, body);
    }
}
