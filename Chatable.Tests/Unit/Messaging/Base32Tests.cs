using System.Text;
using Chatable.Messaging.Tokens;
using CsCheck;

namespace Chatable.Tests.Unit.Messaging;

public sealed class Base32Tests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void EncodesTheVectorsOfTheStandard(string plain, string encoded)
    {
        Assert.Equal(encoded, Base32.Encode(Encoding.ASCII.GetBytes(plain)));
        Assert.True(Base32.TryDecode(encoded, out var bytes));
        Assert.Equal(plain, Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void WhateverIsEncodedIsDecoded() =>
        Gen.Byte.Array[0, 80].Sample(bytes => Base32.TryDecode(Base32.Encode(bytes), out var decoded) && decoded.SequenceEqual(bytes));

    [Theory]
    [InlineData("my")]
    [InlineData("MY======")]
    [InlineData("M1")]
    [InlineData("MZ")]
    [InlineData("M")]
    [InlineData("MYA")]
    [InlineData("M Y")]
    [InlineData("ＭＹ")]
    public void AnotherSpellingIsRefused(string text) => Assert.False(Base32.TryDecode(text, out _));
}
