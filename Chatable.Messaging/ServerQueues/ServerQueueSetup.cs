using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.ServerQueues;

public static class ServerQueueSetup
{
    /// <summary>Adds <see cref="ServerQueue"/>. Requires a Redis connection.</summary>
    public static IServiceCollection AddServerQueues(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<ServerQueueOptions>(ServerQueueOptions.Section)
            .Validate(o => o.Limit is >= 100 and <= 10_000_000, "ServerQueue:Limit must be 100 to 10,000,000 batches.")
            .Validate(
                o => o.IdleLifetime >= TimeSpan.FromMinutes(1) && o.IdleLifetime <= TimeSpan.FromDays(30),
                "ServerQueue:IdleLifetime must be a minute to 30 days.");
        services.AddSingleton<ServerQueue>();
        return services;
    }
}
