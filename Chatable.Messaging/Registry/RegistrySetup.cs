using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.Registry;

public static class RegistrySetup
{
    /// <summary>
    /// Adds <see cref="ServerRegistry"/> and <see cref="LiveWorkers"/>. Requires a Redis connection and a <see cref="TimeProvider"/>.
    /// </summary>
    public static IServiceCollection AddServerRegistry(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<RegistryOptions, RegistryOptionsValidator>(RegistryOptions.Section)
            .ValidateAll(options => options.Contradictions());
        services.AddSingleton<ServerRegistry>();
        services.AddSingleton<LiveWorkers>();
        return services;
    }
}
