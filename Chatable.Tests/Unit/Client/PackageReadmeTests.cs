using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Unit.Client;

public sealed partial class PackageReadmeTests
{
    /// <summary>A package registry shows only this file.</summary>
    [Fact]
    public void EveryLinkOfThePackagesReadmeLeadsSomewhereFromAPageOfItsOwn() => Assert.All(
        Link().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Chatable.Client", "README.md"))),
        link => Assert.StartsWith("https://", link.Groups[1].Value, StringComparison.Ordinal));

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
