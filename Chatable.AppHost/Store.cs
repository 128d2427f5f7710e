namespace Chatable.AppHost;

/// <summary>A store of the topology.</summary>
/// <param name="Resource">The connection of the store's owner.</param>
/// <param name="ServiceConnection">The connection of the services, as a user with only the rights that they need.</param>
/// <param name="ServicePassword">The password of that user. Null if the connection string, with its user, was configured.</param>
internal sealed record Store(
    IResourceBuilder<IResourceWithConnectionString> Resource, ReferenceExpression ServiceConnection, ParameterResource? ServicePassword)
{
    /// <summary>The name of the services' user in both stores.</summary>
    public const string ServiceUser = "chatable";

    public string Name => Resource.Resource.Name;
}

internal static class StoreExtensions
{
    /// <summary>Gives the service the connection string, and makes it wait for the store.</summary>
    public static IResourceBuilder<ProjectResource> WithStore(this IResourceBuilder<ProjectResource> service, Store store) => service
        .WithEnvironment($"ConnectionStrings__{store.Name}", store.ServiceConnection)
        .WithReferenceRelationship(store.Resource)
        .WaitFor(store.Resource);

    /// <summary>Gives the migrations the owner's connection, and the role to create for the services.</summary>
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
