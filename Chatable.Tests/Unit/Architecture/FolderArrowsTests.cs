using Chatable.Messaging;
using Chatable.Tests.Support;

namespace Chatable.Tests.Unit.Architecture;

/// <summary>
/// In the two larger projects, a folder depends only on the folders below it. This reads the assemblies, so it finds every way to write a
/// name. A folder is a namespace.
/// </summary>
public sealed class FolderArrowsTests
{
    private static readonly string[] s_features = ["Accounts", "Threads", "Conversations", "Messages", "Sync", "Realtime"];

    private static readonly Dictionary<string, string[]> s_belowFeatures = new()
    {
        ["Http"] = [],
        ["Auth"] = ["Http"],
        // Sockets and requests send in the same way, and stored messages reach both in the same way.
        ["Sending"] = ["Auth"],
        ["Delivery"] = ["Http"],
    };

    private static readonly Dictionary<string, string[]> s_messaging = new()
    {
        ["Wire"] = [],
        ["Telemetry"] = [],
        ["Intake"] = ["Wire", "Telemetry"],
        ["ServerQueues"] = ["Wire", "Telemetry"],
        // The end of a batch: trims the intake and writes to the queues of the servers in the registry.
        ["Publishing"] = ["Wire", "Intake", "ServerQueues", "Registry"],
        ["Registry"] = ["Wire", "Telemetry"],
        ["Users"] = ["Telemetry"],
        ["Tokens"] = ["Telemetry"],
        ["Conversations"] = ["Telemetry"],
        // Stored messages and envelopes have the types of the wire.
        ["Messages"] = ["Wire", "Telemetry"],
        ["Envelopes"] = ["Wire", "Telemetry"],
    };

    private static readonly HashSet<(string User, string Used)> s_apiUses =
        UsedTypes.Read(typeof(ApiService.Accounts.Passwords).Assembly.Location);

    private static readonly HashSet<(string User, string Used)> s_messagingUses = UsedTypes.Read(typeof(ClientId).Assembly.Location);

    [Fact]
    public void AFeatureOfTheApiKnowsNoOtherFeature()
    {
        var arrows = Arrows(s_apiUses, "Chatable.ApiService").ToArray();

        Assert.Contains(("Realtime", "Auth"), arrows);
        Assert.DoesNotContain(arrows, arrow => s_features.Contains(arrow.From) && !s_belowFeatures.ContainsKey(arrow.To));
    }

    [Fact]
    public void WhatLiesBelowTheFeaturesKnowsOnlyWhatLiesBelowItself()
    {
        var arrows = Arrows(s_apiUses, "Chatable.ApiService").ToArray();

        Assert.Contains(("Sending", "Auth"), arrows);
        Assert.DoesNotContain(arrows, arrow =>
            !s_features.Contains(arrow.From) && !(s_belowFeatures.TryGetValue(arrow.From, out var allowed) && allowed.Contains(arrow.To)));
    }

    [Fact]
    public void FoldersOfMessagingPointDownward()
    {
        var arrows = Arrows(s_messagingUses, "Chatable.Messaging").ToArray();

        Assert.Contains(("Messages", "Wire"), arrows);
        Assert.DoesNotContain(arrows, arrow => !s_messaging.TryGetValue(arrow.From, out var allowed) || !allowed.Contains(arrow.To));
    }

    [Fact]
    public void MessagingKnowsNeitherHttpNorSockets() => Assert.DoesNotContain(s_messagingUses, use =>
        use.Used.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
        || use.Used.StartsWith("System.Net.WebSockets.", StringComparison.Ordinal)
        || use.Used.StartsWith("System.Net.Http.", StringComparison.Ordinal));

    /// <summary>Every way to use a type without naming its namespace in full, in Control.cs.</summary>
    [Theory]
    [InlineData("Relative")]
    [InlineData("Aliased")]
    [InlineData("InALambda")]
    [InlineData("AsAnArgument")]
    [InlineData("AsAnAttribute")]
    [InlineData("InAnAttribute")]
    [InlineData("Caught")]
    [InlineData("Inferred")]
    public void ArrowIsSeenHoweverItIsWritten(string user) =>
        Assert.Contains(Control(), use =>
            use.User.EndsWith($".Above.{user}", StringComparison.Ordinal) && use.Used.Contains(".Below.", StringComparison.Ordinal));

    [Fact]
    public void WhoUsesNothingIsNotSeenToUseIt() =>
        Assert.DoesNotContain(Control(), use =>
            use.User.EndsWith(".Above.Unrelated", StringComparison.Ordinal) && use.Used.Contains(".Below.", StringComparison.Ordinal));

    private static HashSet<(string User, string Used)> Control() => UsedTypes.Read(typeof(FolderArrowsTests).Assembly.Location);

    private static IEnumerable<(string From, string To)> Arrows(IEnumerable<(string User, string Used)> uses, string project) =>
        from use in uses
        let arrow = (From: FolderOf(use.User, project), To: FolderOf(use.Used, project))
        where arrow.From is not null && arrow.To is not null && arrow.From != arrow.To
        group arrow by arrow into same
        select same.Key;

    // Chatable.Messaging.Wire.IntakeEntry -> Wire; a type in a project's root namespace has no folder.
    private static string? FolderOf(string type, string project) =>
        type.StartsWith($"{project}.", StringComparison.Ordinal) && type[(project.Length + 1)..].Split('.') is [var folder, _, ..]
        && Directory.Exists(Path.Combine(Repository.Root, project, folder))
            ? folder
            : null;
}
