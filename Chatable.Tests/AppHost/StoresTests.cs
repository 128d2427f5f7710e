namespace Chatable.Tests.AppHost;

/// <summary>How the AppHost applies its settings for the stores. Nothing is started.</summary>
public sealed class StoresTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AsProcessesTheyNeedNoContainerRuntime()
    {
        await using var builder = await CreateAsync("--Stores=processes");

        Assert.DoesNotContain(builder.Resources, resource => resource.IsContainer());
        Assert.Equal("PostgresExecutableResource RedisExecutableResource", Types(builder, "postgres", "redis"));
    }

    [Fact]
    public async Task AsContainersTheyAreThoseOfAspire()
    {
        await using var builder = await CreateAsync("--Stores=containers");

        Assert.Equal("PostgresServerResource RedisResource", Types(builder, "postgres", "redis"));
        Assert.Equal("PostgresDatabaseResource", Types(builder, "chatdb"));
    }

    [Fact]
    public async Task AVolumeKeepsTheDataOfAContainerUnlessItShallGo()
    {
        await using var kept = await CreateAsync("--Stores=containers");
        await using var gone = await CreateAsync("--Stores=containers", "--UseVolumes=false");

        Assert.Equal(["chatable-postgres", "chatable-redis"], Volumes(kept));
        Assert.Empty(Volumes(gone));
    }

    [Theory]
    [InlineData("processes")]
    [InlineData("containers")]
    public async Task AConfiguredConnectionStringReplacesAStore(string kind)
    {
        await using var builder = await CreateAsync(
            $"--Stores={kind}", "--ConnectionStrings:redis=elsewhere:6379", "--ConnectionStrings:chatdb=Host=elsewhere");

        Assert.Equal("ConnectionStringParameterResource ConnectionStringParameterResource", Types(builder, "redis", "chatdb"));
        Assert.DoesNotContain(builder.Resources, resource => resource.Name == "postgres" || resource.IsContainer());
    }

    private static Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] arguments) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(arguments, Cancelled);

    private static string Types(IDistributedApplicationTestingBuilder builder, params string[] names) =>
        string.Join(' ', names.Select(name => builder.Resources.Single(resource => resource.Name == name).GetType().Name));

    private static IEnumerable<string?> Volumes(IDistributedApplicationTestingBuilder builder) =>
        builder.Resources.SelectMany(resource => resource.Annotations.OfType<ContainerMountAnnotation>()).Select(mount => mount.Source);
}
