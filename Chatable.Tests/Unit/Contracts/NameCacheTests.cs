using System.Text;
using Chatable.Messaging.Wire;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>Names are shared strings, whatever the input, and no text is confused with another.</summary>
public sealed class NameCacheTests
{
    [Fact]
    public void ANameThatComesAgainIsTheSameString()
    {
        var name = $"name_{Guid.NewGuid():N}";

        // Another test's name may replace it in between, but hardly every time.
        Assert.Contains(Enumerable.Range(0, 10), _ => ReferenceEquals(Read(name), Read(name)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bob")]
    [InlineData("bob")]
    [InlineData("é😀")]
    [InlineData("a\u0000b")]
    public void ATextIsReadAsItIsAgainAndAgain(string text)
    {
        Assert.Equal(text, Read(text));
        Assert.Equal(text, Read(text));
    }

    [Fact]
    public void ManyMoreThanThereArePlacesForAreAllReadRight()
    {
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 50_000; i++)
                Assert.Equal($"user{i}", Read($"user{i}"));
        }
    }

    [Fact]
    public void ALongTextIsNotKept()
    {
        var text = new string('x', 65);

        Assert.Equal(text, Read(text));
        Assert.NotSame(Read(text), Read(text));
    }

    private static string Read(string text) => NameCache.Of(Encoding.UTF8.GetBytes(text));
}
