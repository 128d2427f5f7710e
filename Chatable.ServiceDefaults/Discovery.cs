using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;

namespace Chatable.ServiceDefaults;

internal static class Discovery
{
    /// <summary>
    /// Configures HTTP clients to find services by name (<c>https+http://api</c>) and to retry safe requests only: a request that changes
    /// data may have succeeded although no response arrived.
    /// </summary>
    public static void AddDiscovery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler(options => options.Retry.DisableForUnsafeHttpMethods());
            http.AddServiceDiscovery();
        });
    }
}
