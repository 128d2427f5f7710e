using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Architecture;

/// <summary>Inside the two larger projects, feature folders know only what lies below them.</summary>
public sealed partial class FolderArrowsTests
{
    private static readonly string[] s_features = ["Accounts", "Threads", "Conversations", "Messages", "Sync", "Realtime"];

    // Sending and following a log over REST are doors to the same delivery that sockets have.
    private static readonly string[] s_doorsToRealtime = ["Messages", "Sync"];

    private static readonly Dictionary<string, string[]> s_messaging = new()
    {
        ["Wire"] = [],
        ["Telemetry"] = [],
        ["TestHooks"] = ["Wire"],
        ["Intake"] = ["Wire", "Telemetry"],
        ["ServerQueues"] = ["Wire", "Telemetry"],
        ["Registry"] = ["Wire", "Telemetry"],
        ["Users"] = ["Telemetry"],
        ["Tokens"] = ["Telemetry"],
        ["Conversations"] = ["Telemetry"],
        // A stored message and an envelope are what the wire carries.
        ["Messages"] = ["Wire", "Telemetry", "TestHooks"],
        ["Envelopes"] = ["Wire", "Telemetry"],
    };

    [Fact]
    public void AFeatureOfTheApiKnowsNoOtherFeature()
    {
        var wrong =
            from feature in s_features
            where Directory.Exists(Path.Combine(Repository.Root, "Chatable.ApiService", feature))
            from used in UsedFolders("Chatable.ApiService", feature)
            where used != feature && s_features.Contains(used)
                && !(used == "Realtime" && s_doorsToRealtime.Contains(feature))
            select $"{feature} -> {used}";

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("Auth")]
    [InlineData("Http")]
    public void AuthAndHttpKnowNoFeature(string folder) =>
        Assert.Empty(UsedFolders("Chatable.ApiService", folder).Intersect(s_features));

    [Fact]
    public void FoldersOfMessagingPointDownward()
    {
        var folders = Directory.EnumerateDirectories(Path.Combine(Repository.Root, "Chatable.Messaging"))
            .Select(folder => Path.GetFileName(folder)!).Where(folder => folder is not ("bin" or "obj"));
        var wrong =
            from folder in folders
            from used in UsedFolders("Chatable.Messaging", folder)
            where used != folder && (!s_messaging.TryGetValue(folder, out var allowed) || !allowed.Contains(used))
            select $"{folder} -> {used}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void MessagingKnowsNeitherHttpNorSockets()
    {
        var wrong =
            from file in Repository.Sources("Chatable.Messaging")
            where HttpOrSockets().IsMatch(File.ReadAllText(file))
            select Path.GetRelativePath(Repository.Root, file);

        Assert.Empty(wrong);
    }

    private static HashSet<string> UsedFolders(string project, string folder) =>
        Repository.Sources(project, folder)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), Regex.Escape(project) + @"\.(\w+)"))
            .Select(match => match.Groups[1].Value)
            .Where(name => Directory.Exists(Path.Combine(Repository.Root, project, name)))
            .ToHashSet();

    [GeneratedRegex(@"Microsoft\.AspNetCore|System\.Net\.WebSockets|System\.Net\.Http")]
    private static partial Regex HttpOrSockets();
}
