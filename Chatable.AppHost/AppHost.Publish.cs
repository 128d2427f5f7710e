// Compiled with UseAspire=true only: how Aspire publishes Chatable to Azure Container Apps.
#pragma warning disable ASPIREPROBES001 // WithHttpProbe is marked experimental; it is the only way to give a container app its probes.

using Aspire.Hosting.Azure;
using Azure.Provisioning.AppContainers;
using Azure.Provisioning.RedisEnterprise;

internal partial class Program
{
    private const int LeastApiReplicas = 2;
    private const int MostApiReplicas = 10;

    /// <summary>Concurrent requests and open WebSockets of one replica at which another is added.</summary>
    private const string ConcurrencyPerReplica = "2000";

    static partial void AddManagedStores(
        IDistributedApplicationBuilder builder,
        ref IResourceBuilder<IResourceWithConnectionString>? chatdb,
        ref IResourceBuilder<IResourceWithConnectionString>? redis)
    {
        if (!builder.ExecutionContext.IsPublishMode)
            return;

        builder.AddAzureContainerAppEnvironment("chatable");

        // Passwords and keys, kept in a key vault, rather than Entra ID: the services use the same clients everywhere.
        chatdb = builder.AddAzurePostgresFlexibleServer("postgres")
            .WithPasswordAuthentication()
            .AddDatabase("chatdb");
        redis = builder.AddAzureManagedRedis("redis")
            .WithAccessKeyAuthentication()
            .ConfigureInfrastructure(KeepEverything);
    }

    static partial void ConfigurePublishing(
        IDistributedApplicationBuilder builder,
        IResourceBuilder<ProjectResource> migrations,
        IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ProjectResource> fanout)
    {
        if (!builder.ExecutionContext.IsPublishMode)
            return;

        // Started by hand or by the delivery pipeline, before a new revision: it ends, so it is no app.
        migrations.PublishAsAzureContainerAppJob();

        api.WithHttpProbe(ProbeType.Readiness, "/health")
            .WithHttpProbe(ProbeType.Liveness, "/alive")
            .PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.Scale.MinReplicas = LeastApiReplicas;
                app.Template.Scale.MaxReplicas = MostApiReplicas;
                app.Template.Scale.Rules =
                [
                    new ContainerAppScaleRule
                    {
                        Name = "http",
                        Http = new ContainerAppHttpScaleRule { Metadata = { { "concurrentRequests", ConcurrencyPerReplica } } },
                    },
                ];
            });

        // A fixed number: what limits the workers is PostgreSQL, which more of them would not relieve.
        var workers = fanout.Resource.GetReplicaCount();
        fanout.WithHttpProbe(ProbeType.Liveness, "/alive")
            .PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.Scale.MinReplicas = workers;
                app.Template.Scale.MaxReplicas = workers;
            });
    }

    // The intake lives in Redis: accepted messages must neither be evicted nor be lost with a node. The default evicts.
    private static void KeepEverything(AzureResourceInfrastructure infrastructure)
    {
        var database = infrastructure.GetProvisionableResources().OfType<RedisEnterpriseDatabase>().Single();
        database.EvictionPolicy = RedisEnterpriseEvictionPolicy.NoEviction;
        database.Persistence = new RedisPersistenceSettings
        {
            IsAofEnabled = true,
            AofFrequency = PersistenceSettingAofFrequency.OneSecond,
        };
    }
}
