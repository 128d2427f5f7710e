using System.Diagnostics;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>The conversation from the README, as a reader pastes it into a shell.</summary>
public sealed partial class ReadmeConversationTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItCanBeRepeatedAndTheTokensAreTakenEachTime()
    {
        using var folder = new TestFolder();
        for (var time = 0; time < 2; time++)
        {
            var output = await RunAsync(folder.Path, "");
            Assert.Contains("\"status\":\"success\"", output, StringComparison.Ordinal);
            Assert.DoesNotContain("401", output, StringComparison.Ordinal);
        }

        // The conflicting field is shown.
        using var another = new TestFolder();
        var refused = await RunAsync(another.Path, "enter carol 0123456789\n");
        Assert.Contains("\"phone\":\"is taken\"", refused, StringComparison.Ordinal);
    }

    // Runs the blocks up to the tokens, then one call with each token.
    private async Task<string> RunAsync(string folder, string before)
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), Cancelled);
        var blocks = Blocks().Matches(readme[readme.IndexOf("## A conversation", StringComparison.Ordinal)..])
            .Select(match => match.Groups[1].Value).Take(2).ToArray();
        Assert.Contains("BOB=$(token bob.json)", blocks[1], StringComparison.Ordinal);
        var script = $"""
            {string.Join('\n', blocks)}
            {before}
            for jwt in "$BOB" "$ALICE"; do curl -s localhost:8080/api/inbox -H "Authorization: Bearer $jwt"; done
            """.Replace("localhost:8080", api.Address.Authority, StringComparison.Ordinal);

        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            WorkingDirectory = folder,
        };
        var run = await ProcessRun.OfAsync(start, Cancelled);
        Assert.Equal("", run.Errors);
        return run.Output;
    }

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
