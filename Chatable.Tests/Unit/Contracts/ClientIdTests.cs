using System.Text;
using Chatable.Messaging;

namespace Chatable.Tests.Unit.Contracts;

public sealed class ClientIdTests
{
    private const string Uuid = "0191f4c2-7c3a-7d5e-8b1f-a2c4e6081a3b";

    [Theory]
    [InlineData(Uuid, true)]
    [InlineData("0191F4C2-7C3A-7D5E-8B1F-A2C4E6081A3B", false)]
    [InlineData("0191f4c2-7c3a-7d5e-8b1f-a2c4e6081a3B", false)]
    [InlineData("0191f4c27c3a7d5e8b1fa2c4e6081a3b", false)]
    [InlineData("0191f4c2-7c3a-7d5e-8b1fa-2c4e6081a3b", false)]
    [InlineData("0191f4c2_7c3a_7d5e_8b1f_a2c4e6081a3b", false)]
    [InlineData("0191f4c2-7c3a-7d5e-8b1f-a2c4e6081a3g", false)]
    [InlineData("c-1_Z", false)]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234", false)]
    public void ItsTextComesBackHoweverItIsKept(string text, bool isUuid)
    {
        Assert.True(ClientId.TryParse(text, out var id));
        Assert.True(ClientId.TryParse(Encoding.UTF8.GetBytes(text), out var same));

        Assert.Equal((text, isUuid), (id.Text, id.IsUuid));
        Assert.Equal(id, same);
        Assert.Equal(id, ClientId.FromStored(id.Key, isUuid ? null : text));
        Assert.Equal(isUuid ? Guid.Parse(text).Version : 8, id.Key.Version);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("{0191f4c2-7c3a-7d5e-8b1f-a2c4e6081a3b}")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void AnythingElseIsNone(string? text)
    {
        Assert.False(ClientId.TryParse(text, out _));
        Assert.False(ClientId.TryParse(Encoding.UTF8.GetBytes(text ?? ""), out _));
    }

    [Fact]
    public void TwoSpellingsOfAUuidAreTwoIds()
    {
        Assert.True(ClientId.TryParse(Uuid, out var lower));
        Assert.True(ClientId.TryParse(Uuid.ToUpperInvariant(), out var upper));
        Assert.NotEqual(lower.Key, upper.Key);
        Assert.NotEqual(lower, upper);
    }
}
