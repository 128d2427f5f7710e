namespace Chatable.Tests.Containers;

/// <summary>
/// Tests that start containers, one after another: run by <c>make test-containers</c>, which prepares the machine, and not by <c>make test</c>.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ContainerTests : ICollectionFixture<BuiltImages>
{
    public const string Name = "containers";
}
