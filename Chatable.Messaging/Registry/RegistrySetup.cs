using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.Registry;

public static class RegistrySetup
{
    /// <summary>Adds <see cref="ServerRegistry"/> and <see cref="LiveWorkers"/>; needs a Redis connection and a <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddServerRegistry(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<RegistryOptions>(RegistryOptions.Section)
            .Validate(o => o.HeartbeatInterval > TimeSpan.Zero, "Registry:HeartbeatInterval must be positive.")
            .Validate(o => o.ServerLifetime >= 2 * o.HeartbeatInterval, "Registry:ServerLifetime must be at least two heartbeats.")
            .Validate(o => o.ReapAfter >= o.ServerLifetime, "Registry:ReapAfter must be at least the lifetime of a server.")
            .Validate(
                o => o.LiveServersAge >= TimeSpan.Zero && o.LiveServersAge < o.ReapAfter,
                "Registry:LiveServersAge must not be negative, and shorter than Registry:ReapAfter.")
            .Validate(o => o.UserLifetime >= TimeSpan.FromMinutes(1), "Registry:UserLifetime must be at least a minute.");
        services.AddSingleton<ServerRegistry>();
        services.AddSingleton<LiveWorkers>();
        return services;
    }
}
