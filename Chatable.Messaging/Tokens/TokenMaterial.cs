using System.Security.Cryptography;
using System.Text;

namespace Chatable.Messaging.Tokens;

/// <summary>The three random values of a token, 32 bytes each. Clients receive them as base32.</summary>
internal sealed class TokenMaterial
{
    private const int Size = 32;

    public byte[] AccessKeyId { get; } = RandomNumberGenerator.GetBytes(Size);
    public byte[] Secret { get; } = RandomNumberGenerator.GetBytes(Size);
    public string RefreshToken { get; } = Base32.Encode(RandomNumberGenerator.GetBytes(Size));
    public byte[] RefreshHash => Hash(RefreshToken);

    /// <summary>A plain hash is enough: 256 random bits cannot be guessed.</summary>
    public static byte[] Hash(string refreshToken) => SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken));

    /// <summary>The key that clients sign with: the base32 text itself, not the bytes it encodes.</summary>
    public static byte[] SigningKey(ReadOnlySpan<byte> secret) => Encoding.ASCII.GetBytes(Base32.Encode(secret));

    public static bool TryParseAccessKeyId(string text, out byte[] id)
    {
        id = [];
        if (text.Length != 52 || !Base32.TryDecode(text, out var decoded))
            return false;

        id = decoded;
        return true;
    }
}
