using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;

namespace Chatable.ServiceDefaults;

internal static class Discovery
{
    /// <summary>
    /// HTTP clients find services by name (<c>https+http://api</c>) and retry what may be retried: a request that changes something may
    /// have changed it although no answer came.
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
