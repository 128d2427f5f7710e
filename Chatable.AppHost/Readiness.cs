using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.AppHost;

/// <summary>
/// Shows a service's <c>/health</c> in the dashboard, including "Degraded", which the HTTP status, 200, does not show.
/// </summary>
internal static class Readiness
{
    private const string ClientName = "readiness";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(250);

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
    /// Aspire checks an unhealthy resource less and less often, up to every 5 s, and a healthy one every 30 s. This check therefore does
    /// not return while the status is unchanged, and keeps polling: for 5 s while the service is unhealthy, without limit while it is
    /// healthy. Once the service is shown as healthy, Aspire would still wait 30 s before the next check. It checks at once if the name of
    /// a resource's state changes, so this class changes that name.
    /// </remarks>
    private sealed class Check(
        string name, EndpointReference endpoint, IHttpClientFactory clients, ResourceNotificationService notifications)
        : BackgroundService, IHealthCheck
    {
        // Differs only in letter case, so it reads the same.
        private static readonly string s_otherName = KnownResourceStates.Running.ToLowerInvariant();

        // The running instances, and whether each is shown as healthy.
        private readonly ConcurrentDictionary<string, bool> _shown = [];
        private volatile bool _isAsked;
        private HealthStatus _told = HealthStatus.Unhealthy;

        private bool IsShownWell => !_shown.IsEmpty && !_shown.Values.Contains(false);

        protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
            Task.WhenAll(WatchAsync(stoppingToken), HaveItAskedAsync(stoppingToken));

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            _isAsked = true;
            try
            {
                var began = TimeProvider.System.GetTimestamp();
                while (true)
                {
                    var result = await AskAsync(cancellationToken);
                    if (result.Status == HealthStatus.Healthy && IsShownWell)
                        await Task.Delay(s_interval, cancellationToken);
                    else if (result.Status != HealthStatus.Healthy && result.Status == _told && TimeProvider.System.GetElapsedTime(began) < s_patience)
                        await Task.Delay(s_soon, cancellationToken);
                    else
                        return Tell(result);
                }
            }
            finally
            {
                _isAsked = false;
            }
        }

        private HealthCheckResult Tell(HealthCheckResult result)
        {
            _told = result.Status;
            return result;
        }

        private async Task WatchAsync(CancellationToken stoppingToken)
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                if (change.Resource != endpoint.Resource)
                    continue;
                if (string.Equals(change.Snapshot.State?.Text, KnownResourceStates.Running, StringComparison.OrdinalIgnoreCase))
                    _shown[change.ResourceId] = change.Snapshot.HealthReports.Any(IsOfHealth);
                else
                    _shown.TryRemove(change.ResourceId, out _);
            }
        }

        private async Task HaveItAskedAsync(CancellationToken stoppingToken)
        {
            while (true)
            {
                await Task.Delay(s_interval, stoppingToken);
                if (_isAsked || !IsShownWell || _shown.Keys.FirstOrDefault() is not { } instance)
                    continue;
                await RenameAsync(instance, KnownResourceStates.Running, s_otherName);
                await RenameAsync(instance, s_otherName, KnownResourceStates.Running);
            }
        }

        // Only if the instance is still in that state: it may have ended in the meantime.
        private Task RenameAsync(string instance, string from, string to) => notifications.PublishUpdateAsync(
            endpoint.Resource, instance, now => now.State is { } state && state.Text == from ? now with { State = state with { Text = to } } : now);

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
