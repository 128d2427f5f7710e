namespace Chatable.AppHost;

/// <summary>A store of the topology.</summary>
/// <param name="Resource">As its owner reaches it.</param>
/// <param name="ServiceConnection">As the services reach it: as a user who may do their work and nothing else.</param>
/// <param name="ServicePassword">That user's; null where the connection string was configured, and its user with it.</param>
internal sealed record Store(
    IResourceBuilder<IResourceWithConnectionString> Resource, ReferenceExpression ServiceConnection, ParameterResource? ServicePassword)
{
    /// <summary>In both stores.</summary>
    public const string ServiceUser = "chatable";

    public string Name => Resource.Resource.Name;
}

internal static class StoreExtensions
{
    /// <summary>The service gets the connection string, and waits until the store is there.</summary>
    public static IResourceBuilder<ProjectResource> WithStore(this IResourceBuilder<ProjectResource> service, Store store) => service
        .WithEnvironment($"ConnectionStrings__{store.Name}", store.ServiceConnection)
        .WithReferenceRelationship(store.Resource)
        .WaitFor(store.Resource);

    /// <summary>The migrations own the database, and make the role of those that use it.</summary>
    public static IResourceBuilder<ProjectResource> WithOwnedDatabase(this IResourceBuilder<ProjectResource> migrations, Store database)
    {
        migrations
            .WithEnvironment($"ConnectionStrings__{database.Name}", database.Resource)
            .WithReferenceRelationship(database.Resource)
            .WaitFor(database.Resource);
        return database.ServicePassword is not { } password ? migrations : migrations
            .WithEnvironment("Migrations__ServiceRole", Store.ServiceUser)
            .WithEnvironment("Migrations__ServicePassword", password);
    }
}
