using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed partial class TimeTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2020-02-03T04:05:06.000000Z")]
    [InlineData("2020-02-03T04:05:06.120000Z")]
    [InlineData("2020-02-03T04:05:06.123456Z")]
    public async Task EveryTimeHasSixDigitsOfTheSecond(string time)
    {
        var (bob, alice) = (await api.Client.RegisterAsync(Cancellation), await api.Client.RegisterAsync(Cancellation));
        await Messages.SendAsync(api.Database, bob.Username, alice.Username, ["hello"], Cancellation);
        await using var change = api.Database.CreateCommand(
            $"UPDATE messages SET created_at = '{time}'; UPDATE conversations SET last_message_at = '{time}'");
        await change.ExecuteNonQueryAsync(Cancellation);

        var conversations = await TextOfAsync("/api/v2/conversations");
        var id = ConversationId().Match(conversations).Groups[1].Value;
        foreach (var answer in (string[])
            [conversations, await TextOfAsync("/api/inbox"), await TextOfAsync($"/api/thread/{bob.Username}"),
             await TextOfAsync($"/api/v2/conversations/{id}/messages")])
        {
            Assert.Contains(time, answer, StringComparison.Ordinal);
            Assert.All(Time().Matches(answer), found => Assert.Equal(time.Length, found.Length));
        }

        async Task<string> TextOfAsync(string path) =>
            (await api.Client.GetAsync(path, alice.Token, Cancellation)).Envelope.GetRawText();
    }

    [Fact]
    public async Task DocumentSaysThatTimesAreTimes()
    {
        foreach (var version in (string[])["v1", "v2"])
        {
            var document = await api.Client.Http.GetStringAsync($"/openapi/{version}.json", Cancellation);
            var fields = CreatedAt().Matches(document);
            Assert.NotEmpty(fields);
            Assert.All(fields, field => Assert.Contains("\"format\": \"date-time\"", field.Value, StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[^""]*")]
    private static partial Regex Time();

    [GeneratedRegex(@"""id"":(\d+)")]
    private static partial Regex ConversationId();

    // Matches a schema; in an example the value is a string.
    [GeneratedRegex(@"""created_at"": \{[^}]*\}")]
    private static partial Regex CreatedAt();
}
