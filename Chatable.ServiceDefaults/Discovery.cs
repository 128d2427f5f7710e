using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

internal static class Discovery
{
    /// <summary>HTTP clients find services by name (<c>https+http://api</c>) and retry what may be retried.</summary>
    public static void AddDiscovery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
    }
}
