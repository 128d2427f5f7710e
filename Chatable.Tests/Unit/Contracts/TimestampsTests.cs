using System.Text;
using System.Text.Json;
using Chatable.Messaging.Wire;

namespace Chatable.Tests.Unit.Contracts;

public sealed class TimestampsTests
{
    [Theory]
    [InlineData(0, "2015-09-03T03:13:12.000000Z")]
    [InlineData(10, "2015-09-03T03:13:12.000001Z")]
    [InlineData(8176500, "2015-09-03T03:13:12.817650Z")]
    [InlineData(1000000, "2015-09-03T03:13:12.100000Z")]
    [InlineData(9999999, "2015-09-03T03:13:12.999999Z")]
    public void TimeHasSixDigitsOfTheSecond(long ticks, string expected)
    {
        foreach (var kind in Enum.GetValues<DateTimeKind>())
            Assert.Equal($$"""{"at":"{{expected}}"}""", Written(new DateTime(2015, 9, 3, 3, 13, 12, kind).AddTicks(ticks)));
    }

    [Fact]
    public void FirstAndLastTimeAreWrittenToo()
    {
        Assert.Equal("""{"at":"0001-01-01T00:00:00.000000Z"}""", Written(DateTime.MinValue));
        Assert.Equal("""{"at":"9999-12-31T23:59:59.999999Z"}""", Written(DateTime.MaxValue));
    }

    private static string Written(DateTime time)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteTimestamp("at"u8, time);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
