using System.Security.Cryptography;
using Chatable.Messaging.Tokens;

namespace Chatable.Tests.Unit.Messaging;

public sealed class TokenSecretProtectorTests
{
    private const long User = 42;
    private static readonly byte[] s_id = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] s_secret = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public void SecretComesBack()
    {
        var protector = Protector("the first key of at least 32 characters");
        Assert.True(protector.TryUnprotect(protector.Protect(s_secret, s_id, User), s_id, User, out var secret));
        Assert.Equal(s_secret, secret);
    }

    [Fact]
    public void SameSecretIsNeverStoredTheSameWay()
    {
        var protector = Protector("the first key of at least 32 characters");
        Assert.NotEqual(protector.Protect(s_secret, s_id, User), protector.Protect(s_secret, s_id, User));
    }

    [Fact]
    public void AnyFlippedBitIsNoticed()
    {
        var protector = Protector("the first key of at least 32 characters");
        var stored = protector.Protect(s_secret, s_id, User);
        for (var bit = 0; bit < stored.Length * 8; bit++)
        {
            var altered = (byte[])stored.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(protector.TryUnprotect(altered, s_id, User, out _));
        }
    }

    [Fact]
    public void AnyTruncationIsNoticed()
    {
        var protector = Protector("the first key of at least 32 characters");
        var stored = protector.Protect(s_secret, s_id, User);
        for (var length = 0; length < stored.Length; length++)
            Assert.False(protector.TryUnprotect(stored.AsSpan(0, length), s_id, User, out _));
    }

    [Fact]
    public void CiphertextOfAnotherRowOpensNothing()
    {
        var protector = Protector("the first key of at least 32 characters");
        var stored = protector.Protect(s_secret, s_id, User);
        Assert.False(protector.TryUnprotect(stored, RandomNumberGenerator.GetBytes(32), User, out _));
        Assert.False(protector.TryUnprotect(stored, s_id, User + 1, out _));
    }

    [Fact]
    public void RotatedKeyStillOpensWhatItEncryptedUntilItIsTakenAway()
    {
        const string Old = "the first key of at least 32 characters";
        const string New = "the second key of at least 32 characters";
        var stored = Protector(Old).Protect(s_secret, s_id, User);

        var rotated = new TokenSecretProtector(new() { Key = New, KeyId = 2, PreviousKeys = { [1] = Old } });
        Assert.True(rotated.TryUnprotect(stored, s_id, User, out _));
        var renewed = rotated.Protect(s_secret, s_id, User);
        Assert.Equal(2, renewed[1]);

        var without = new TokenSecretProtector(new() { Key = New, KeyId = 2 });
        Assert.True(without.TryUnprotect(renewed, s_id, User, out _));
        Assert.False(without.TryUnprotect(stored, s_id, User, out _));
        Assert.Equal((1, null), (without.MissingKeyOf(stored), without.MissingKeyOf(renewed)));
        Assert.False(Protector(New).TryUnprotect(stored, s_id, User, out _));
    }

    [Fact]
    public void NextKeyOpensAndDoesNotEncrypt()
    {
        const string Old = "the first key of at least 32 characters";
        const string New = "the second key of at least 32 characters";
        var prepared = new TokenSecretProtector(new() { Key = Old, NextKeys = { [2] = New } });
        var switched = new TokenSecretProtector(new() { Key = New, KeyId = 2, PreviousKeys = { [1] = Old } });

        Assert.True(prepared.TryUnprotect(switched.Protect(s_secret, s_id, User), s_id, User, out _));
        var stored = prepared.Protect(s_secret, s_id, User);
        Assert.Equal(1, stored[1]);
        Assert.True(switched.TryUnprotect(stored, s_id, User, out _));
    }

    [Fact]
    public void EveryFaultOfTheOptionsIsReportedAndNoKeyIsQuoted()
    {
        Assert.Empty(new TokenSecretsOptions { Key = new string('k', 32) }.Faults());
        var faults = new TokenSecretsOptions { Key = "hush", KeyId = 1, PreviousKeys = { [1] = "psst" } }.Faults().ToArray();
        Assert.Equal(3, faults.Length);
        Assert.All(faults, fault => Assert.DoesNotContain("hush", fault, StringComparison.Ordinal));
        Assert.All(faults, fault => Assert.DoesNotContain("psst", fault, StringComparison.Ordinal));
        var both = new TokenSecretsOptions
        {
            Key = new string('k', 32),
            PreviousKeys = { [2] = new string('p', 32) },
            NextKeys = { [2] = new string('n', 32) },
        };
        Assert.Contains("the same number", Assert.Single(both.Faults()), StringComparison.Ordinal);
        both = new TokenSecretsOptions { Key = new string('k', 32), NextKeys = { [1] = "psst" } };
        Assert.Equal(2, both.Faults().Count(fault => fault.StartsWith("TokenSecrets:NextKeys ", StringComparison.Ordinal)));
        Assert.Contains("missing", Assert.Single(new TokenSecretsOptions().Faults()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new TokenSecretProtector(new()));
    }

    private static TokenSecretProtector Protector(string key) => new(new() { Key = key });
}
