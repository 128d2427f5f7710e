using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.ServerQueues;

public static class ServerQueueSetup
{
    /// <summary>Adds <see cref="ServerQueue"/>. Requires a Redis connection.</summary>
    public static IServiceCollection AddServerQueues(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<ServerQueueOptions, ServerQueueOptionsValidator>(ServerQueueOptions.Section);
        services.AddSingleton<ServerQueue>();
        return services;
    }
}
