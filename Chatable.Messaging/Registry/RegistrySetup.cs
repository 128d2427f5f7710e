using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.Registry;

public static class RegistrySetup
{
    /// <summary>
    /// Adds <see cref="ServerRegistry"/> and <see cref="LiveWorkers"/>. Requires a Redis connection and a <see cref="TimeProvider"/>.
    /// </summary>
    public static IServiceCollection AddServerRegistry(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<RegistryOptions>(RegistryOptions.Section)
            .Validate(
                o => o.HeartbeatInterval >= TimeSpan.FromMilliseconds(100) && o.HeartbeatInterval <= TimeSpan.FromMinutes(1),
                "Registry:HeartbeatInterval must be 100 ms to a minute.")
            .Validate(
                o => o.ServerLifetime >= 2 * o.HeartbeatInterval && o.ServerLifetime >= TimeSpan.FromSeconds(1),
                "Registry:ServerLifetime must be at least two heartbeats, and a second.")
            .Validate(o => o.ServerLifetime <= TimeSpan.FromHours(1), "Registry:ServerLifetime must be an hour at most.")
            .Validate(
                o => o.ReapAfter >= o.ServerLifetime && o.ReapAfter <= TimeSpan.FromDays(1),
                "Registry:ReapAfter must be at least the lifetime of a server, and a day at most.")
            .Validate(
                o => o.LiveServersAge >= TimeSpan.Zero && o.LiveServersAge < o.ReapAfter,
                "Registry:LiveServersAge must not be negative, and shorter than Registry:ReapAfter.")
            .Validate(
                o => o.UserLifetime >= TimeSpan.FromMinutes(1) && o.UserLifetime <= TimeSpan.FromDays(366),
                "Registry:UserLifetime must be a minute to 366 days.");
        services.AddSingleton<ServerRegistry>();
        services.AddSingleton<LiveWorkers>();
        return services;
    }
}
