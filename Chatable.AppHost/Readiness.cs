using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.AppHost;

/// <summary>
/// What a service's <c>/health</c> says, in the dashboard: also that it is degraded, which its status alone, 200, does not tell.
/// </summary>
internal static class Readiness
{
    private const string ClientName = "readiness";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    public static IResourceBuilder<ProjectResource> WithReadiness(this IResourceBuilder<ProjectResource> service)
    {
        var services = service.ApplicationBuilder.Services;
        var name = $"{service.Resource.Name}_readiness";
        var endpoint = service.GetEndpoint("http");
        services.AddHttpClient(ClientName).RemoveAllLoggers();
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new Check(endpoint, provider.GetRequiredService<IHttpClientFactory>()), failureStatus: null, tags: null,
            s_timeout));
        return service.WithHealthCheck(name);
    }

    private sealed class Check(EndpointReference endpoint, IHttpClientFactory clients) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            if (!endpoint.IsAllocated)
                return HealthCheckResult.Unhealthy("It has no address yet.");

            using var client = clients.CreateClient(ClientName);
            try
            {
                using var response = await client.GetAsync(new Uri(new Uri(endpoint.Url), "/health"), cancellationToken);
                var word = await response.Content.ReadAsStringAsync(cancellationToken);
                return response.IsSuccessStatusCode && word.StartsWith(nameof(HealthStatus.Healthy), StringComparison.Ordinal)
                    ? HealthCheckResult.Healthy()
                    : new HealthCheckResult(response.IsSuccessStatusCode ? HealthStatus.Degraded : HealthStatus.Unhealthy, word);
            }
            catch (HttpRequestException exception)
            {
                return HealthCheckResult.Unhealthy(exception.Message);
            }
        }
    }
}
