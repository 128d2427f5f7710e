using System.IO.Hashing;
using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Messages;

/// <summary>
/// Tells a message that is sent again from another one under the same client id: a hash of what was sent, 128 bits of it. It need not
/// resist attacks, since a client id is its author's own.
/// </summary>
public static class Fingerprint
{
    public static Guid Of(long conversation, MessageType type, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(body, hash, seed: conversation << 8 | (byte)type);
        return new Guid(hash, bigEndian: true);
    }
}
