using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Chatable.Tests.Support.LongestFirst))]

namespace Chatable.Tests.Support;

/// <summary>Starts the classes that take minutes first: at the end they would run alone, while the other threads are idle.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_longest = [nameof(AppHost.AppHostProcessTests), nameof(AppHost.AppHostRefusalTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(one => s_longest.Any(
            name => one.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)))];
}
