using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Brings stored messages to this server: its registration, its queue, and users' logs in PostgreSQL. Components that serve clients
/// register an <see cref="IDispatchHandler"/>.
/// </summary>
internal static class DeliveryFeature
{
    public static void AddDelivery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<DeliveryOptions, DeliveryOptionsValidator>(DeliveryOptions.Section)
            .ValidateAll<DeliveryOptions, RegistryOptions>((options, registry) => options.Contradictions(registry));
        builder.Services.AddValidatedOptions<WorkersOptions, WorkersOptionsValidator>(WorkersOptions.Section);
        builder.Services.AddServerQueues().AddServerRegistry().AddEvictionPolicyCheck().AddDatabaseCheck().AddSchemaCheck();
        builder.Services.AddHealthChecks().AddCheck<WorkersCheck>("workers");
        builder.Services.AddSingleton<EnvelopeStore>();
        builder.Services.AddSingleton<EnvelopeLog>();
        builder.Services.AddSingleton<DeliveryMetrics>();
        builder.Services.AddSingleton(CreateRegistrations);
        AddQueueReader(builder);
        AddHosted<DispatchReader>(builder.Services);
        AddHosted<ServerPresence>(builder.Services);
        AddHosted<WorkerWatch>(builder.Services);
    }

    // The connection opens on first use, so it neither delays startup nor makes a replica unhealthy.
    private static void AddQueueReader(IHostApplicationBuilder builder)
    {
        const string Redis = "redis";
        builder.AddKeyedRedisClient(
            Redis, settings => (settings.DisableHealthChecks, settings.DisableTracing) = (true, true), RedisBacklog.FailFast);
        builder.Services.AddSingleton(services => new ServerQueueReader(
            () => services.GetRequiredKeyedService<IConnectionMultiplexer>(Redis),
            services.GetRequiredService<IOptions<ServerQueueOptions>>()));
    }

    private static void AddHosted<T>(IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    private static UserRegistrations CreateRegistrations(IServiceProvider services)
    {
        var registry = services.GetRequiredService<ServerRegistry>();
        var server = services.GetRequiredService<ServerIdentity>().BootId;
        return new UserRegistrations(
            (users, cancellationToken) => registry.AddUsersAsync(server, users, cancellationToken),
            (users, cancellationToken) => registry.RemoveUsersAsync(server, users, cancellationToken),
            services.GetRequiredService<DeliveryMetrics>());
    }
}
