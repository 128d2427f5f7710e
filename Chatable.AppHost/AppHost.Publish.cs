// Compiled with UseAspire=true only: how Aspire publishes Chatable to Azure Container Apps.
#pragma warning disable ASPIREPROBES001 // Probes are marked experimental; a container app gets its probes in no other way.

using Aspire.Hosting.Azure;
using Azure.Provisioning.AppContainers;
using Azure.Provisioning.PostgreSql;
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
            .ConfigureInfrastructure(AllowConnections)
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

        AddProbe(api, ProbeType.Readiness, "/health");
        AddProbe(api, ProbeType.Liveness, "/alive");
        api.PublishAsAzureContainerApp((_, app) =>
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
        AddProbe(fanout, ProbeType.Liveness, "/alive");
        fanout.PublishAsAzureContainerApp((_, app) =>
        {
            app.Template.Scale.MinReplicas = workers;
            app.Template.Scale.MaxReplicas = workers;
        });
    }

    // Not WithHttpProbe: that adds a health check besides, and a second one for "/health" is refused.
    private static void AddProbe(IResourceBuilder<ProjectResource> project, ProbeType type, string path) =>
        project.WithAnnotation(new EndpointProbeAnnotation
        {
            Type = type,
            Path = path,
            EndpointReference = project.GetEndpoint("http"),
            InitialDelaySeconds = 5,
            PeriodSeconds = 5,
            TimeoutSeconds = 6,
            FailureThreshold = 3,
            SuccessThreshold = 1,
        });

    // WithPersistence alone takes a snapshot a minute, but an accepted message must not be a minute's loss.
    static partial void KeepAppends(IResourceBuilder<RedisResource> redis) => redis.WithArgs("--appendonly", "yes");

    // The default, Standard_B1ms, has 35 connections for users; ten API replicas with a pool each need several hundred.
    private static void AllowConnections(AzureResourceInfrastructure infrastructure)
    {
        var server = infrastructure.GetProvisionableResources().OfType<PostgreSqlFlexibleServer>().Single();
        server.Sku = new PostgreSqlFlexibleServerSku
        {
            Name = "Standard_D2ds_v5",
            Tier = PostgreSqlFlexibleServerSkuTier.GeneralPurpose,
        };
    }

    // The intake lives in Redis: accepted messages must neither be evicted nor be lost with a node. The default evicts, and is a cluster,
    // on which each command may only name keys of one slot.
    private static void KeepEverything(AzureResourceInfrastructure infrastructure)
    {
        var database = infrastructure.GetProvisionableResources().OfType<RedisEnterpriseDatabase>().Single();
        database.ClusteringPolicy = RedisEnterpriseClusteringPolicy.NoCluster;
        database.EvictionPolicy = RedisEnterpriseEvictionPolicy.NoEviction;
        database.Persistence = new RedisPersistenceSettings
        {
            IsAofEnabled = true,
            AofFrequency = PersistenceSettingAofFrequency.OneSecond,
        };
    }
}
