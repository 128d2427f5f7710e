using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Chatable.Messaging.Tokens;

/// <summary>
/// Encrypts the secret of an access key for the database. The ciphertext is bound to its row: the access key's id and the user's id are
/// authenticated with it. A ciphertext copied to another row cannot be decrypted there.
/// </summary>
public sealed class TokenSecretProtector
{
    // u8 version = 1, u8 key id, 12 nonce, ciphertext (as long as the secret), 16 tag
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int HeaderSize = 2 + NonceSize;

    private readonly Dictionary<byte, byte[]> _keys = [];
    private readonly byte _currentId;

    public TokenSecretProtector(TokenSecretsOptions options)
    {
        if (options.Faults().FirstOrDefault() is { } fault)
            throw new ArgumentException(fault, nameof(options));

        _currentId = (byte)options.KeyId;
        _keys[_currentId] = Derive(options.Key);
        foreach (var (id, text) in options.PreviousKeys.Concat(options.NextKeys))
            _keys[(byte)id] = Derive(text);
    }

    public byte[] Protect(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> accessKeyId, long userId)
    {
        var stored = new byte[HeaderSize + secret.Length + TagSize];
        stored[0] = Version;
        stored[1] = _currentId;
        var nonce = stored.AsSpan(2, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_keys[_currentId], TagSize);
        cipher.Encrypt(nonce, secret, stored.AsSpan(HeaderSize, secret.Length), stored.AsSpan(^TagSize..), Bound(accessKeyId, userId));
        return stored;
    }

    /// <summary>The number of the key that encrypted the bytes, if that key is not configured here; otherwise null.</summary>
    public int? MissingKeyOf(ReadOnlySpan<byte> stored) =>
        stored.Length >= HeaderSize + TagSize && stored[0] == Version && !_keys.ContainsKey(stored[1]) ? stored[1] : null;

    /// <summary>Returns false if the bytes were altered, belong to another row, or need a key that is not configured.</summary>
    public bool TryUnprotect(
        ReadOnlySpan<byte> stored, ReadOnlySpan<byte> accessKeyId, long userId, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        if (stored.Length < HeaderSize + TagSize || stored[0] != Version || !_keys.TryGetValue(stored[1], out var key))
            return false;

        var plain = new byte[stored.Length - HeaderSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(stored.Slice(2, NonceSize), stored[HeaderSize..^TagSize], stored[^TagSize..], plain, Bound(accessKeyId, userId));
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        secret = plain;
        return true;
    }

    private static byte[] Bound(ReadOnlySpan<byte> accessKeyId, long userId)
    {
        var bound = new byte[accessKeyId.Length + sizeof(long)];
        accessKeyId.CopyTo(bound);
        BinaryPrimitives.WriteInt64BigEndian(bound.AsSpan(accessKeyId.Length), userId);
        return bound;
    }

    private static byte[] Derive(string text) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(text), 32, info: "chatable token secrets v1"u8.ToArray());
}

/// <summary>
/// A secret is encrypted with a key that this process does not have, as during a key change. Its owner is not at fault, and another replica
/// can read it.
/// </summary>
public sealed class EncryptionKeyMissingException(int keyId)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"No encryption key {keyId} is configured in TokenSecrets."));
