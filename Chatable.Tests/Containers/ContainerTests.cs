namespace Chatable.Tests.Containers;

/// <summary>
/// Tests that start containers, one at a time. <c>make test-containers</c> prepares the machine and runs them; <c>make test</c> does not.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ContainerTests : ICollectionFixture<BuiltImages>
{
    public const string Name = "containers";
}
