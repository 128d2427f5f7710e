using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.AppHost;

/// <summary>
/// What a service's <c>/health</c> says, in the dashboard: also that it is degraded, which its status alone, 200, does not tell.
/// </summary>
internal static class Readiness
{
    private const string ClientName = "readiness";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    public static IResourceBuilder<ProjectResource> WithReadiness(this IResourceBuilder<ProjectResource> service)
    {
        var services = service.ApplicationBuilder.Services;
        var name = $"{service.Resource.Name}_readiness";
        services.AddHttpClient(ClientName, client => client.Timeout = s_timeout).RemoveAllLoggers();
        services.AddKeyedSingleton(
            name, (provider, _) => ActivatorUtilities.CreateInstance<Check>(provider, name, service.GetEndpoint("http")));
        services.AddHostedService(provider => provider.GetRequiredKeyedService<Check>(name));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => provider.GetRequiredKeyedService<Check>(name), failureStatus: null, tags: null, Timeout.InfiniteTimeSpan));
        return service.WithHealthCheck(name);
    }

    /// <remarks>
    /// Aspire asks a resource that is well only every 30 s. So a check that finds it well, as is shown already, stays and goes on asking; it
    /// ends when there is something to tell. Between the first time that a service is well and the next check Aspire still lets 30 s pass.
    /// </remarks>
    private sealed class Check(
        string name, EndpointReference endpoint, IHttpClientFactory clients, ResourceNotificationService notifications)
        : BackgroundService, IHealthCheck
    {
        // The instances that run, and whether each is shown to be well.
        private readonly ConcurrentDictionary<string, bool> _shown = [];

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                if (change.Resource != endpoint.Resource)
                    continue;
                if (change.Snapshot.State?.Text == KnownResourceStates.Running)
                    _shown[change.ResourceId] = change.Snapshot.HealthReports.Any(IsOfHealth);
                else
                    _shown.TryRemove(change.ResourceId, out _);
            }
        }

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            while (true)
            {
                var result = await AskAsync(cancellationToken);
                if (result.Status != HealthStatus.Healthy || _shown.IsEmpty || _shown.Values.Contains(false))
                    return result;
                await Task.Delay(s_interval, cancellationToken);
            }
        }

        private bool IsOfHealth(HealthReportSnapshot report) => report.Name == name && report.Status == HealthStatus.Healthy;

        private async Task<HealthCheckResult> AskAsync(CancellationToken cancellationToken)
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
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return HealthCheckResult.Unhealthy($"No answer within {s_timeout.TotalSeconds} s.");
            }
        }
    }
}
