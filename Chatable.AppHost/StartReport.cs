using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.AppHost;

/// <summary>
/// Writes to the console what a person needs: the addresses once everything is healthy, and the last log lines of whatever failed before.
/// All other information is in the dashboard.
/// </summary>
internal sealed class StartReport(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceLoggerService logs,
    IHostApplicationLifetime lifetime)
{
    private const string DashboardName = "aspire-dashboard";
    private const int LastLines = 5;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, ResourceEvent> _latest = [];
    private readonly HashSet<string> _failed = [];

    // Not a hosted service: those start one after another, and the orchestrator's start takes as long as any resource waits for another. A
    // report that began after it would miss the failures.
    public static void AddTo(IDistributedApplicationBuilder builder)
    {
        builder.Services.AddSingleton<StartReport>();
        builder.Eventing.Subscribe<BeforeStartEvent>((e, cancellationToken) =>
        {
            var lifetime = e.Services.GetRequiredService<IHostApplicationLifetime>();
            _ = e.Services.GetRequiredService<StartReport>().RunAsync(lifetime.ApplicationStopping);
            return Task.CompletedTask;
        });
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // Stopping takes some seconds, so it is announced.
        lifetime.ApplicationStopping.Register(() => Console.WriteLine("Stopping everything."));
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            _latest[change.ResourceId] = change;
            if (HasFailed(change) && _failed.Add(change.Resource.Name))
                await WriteFailureAsync(change, stoppingToken);
            if (IsUp())
                break;
        }

        WriteTable();
    }

    // Aspire adds a resource to each project that rebuilds it and starts only on demand. It does not count.
    private bool IsUp() => model.Resources
        .Where(resource => resource is not ParameterResource && !resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
        .All(resource => _latest.Values.Count(change => change.Resource == resource && IsUp(change)) >= resource.GetReplicaCount());

    private static bool IsUp(ResourceEvent change) =>
        change.Snapshot is { State.Text: "Running", HealthStatus: HealthStatus.Healthy } or { State.Text: "Finished", ExitCode: 0 };

    private static bool HasFailed(ResourceEvent change) =>
        change.Snapshot is { State.Text: "FailedToStart" or "RuntimeUnhealthy" }
        || (change.Snapshot.ExitCode is { } code && code != 0 && KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text));

    private async Task WriteFailureAsync(ResourceEvent change, CancellationToken cancellationToken)
    {
        Queue<string> last = [];
        await foreach (var batch in logs.GetAllAsync(change.Resource).WithCancellation(cancellationToken))
        {
            foreach (var line in batch)
            {
                // 2026-11-29T05:21:43.7200000Z, then the resource's own text. Lines from the orchestrator begin with [sys].
                var text = line.Content[(line.Content.IndexOf(' ', StringComparison.Ordinal) + 1)..];
                if (text.StartsWith("[sys]", StringComparison.Ordinal) || text.StartsWith("No custom certificate", StringComparison.Ordinal))
                    continue;
                last.Enqueue(text);
                if (last.Count > LastLines)
                    last.Dequeue();
            }
        }

        Console.Error.WriteLine(change.Snapshot.ExitCode is { } code
            ? string.Create(CultureInfo.InvariantCulture, $"{change.Resource.Name} ended with exit code {code}:")
            : $"{change.Resource.Name} did not start:");
        foreach (var line in last)
            Console.Error.WriteLine($"  {line}");
    }

    private void WriteTable()
    {
        List<(string Name, string Address)> rows =
        [
            .. Urls(resource => resource.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal))
                .Where(url => url.DisplayProperties.DisplayName.Length > 0).Select(url => (url.DisplayProperties.DisplayName, url.Url)).Distinct(),
            // The dashboard's own URL contains the login token.
            .. Urls(resource => resource.Name == DashboardName).Where(url => url.Name is "http" or "https").Take(1).Select(url => ("Dashboard", url.Url)),
        ];
        var width = rows.Select(row => row.Name.Length).DefaultIfEmpty().Max();
        var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Everything is up after {seconds:0.0} s."));
        foreach (var (name, address) in rows)
            Console.WriteLine($"  {name.PadRight(width)}  {address}");
        Console.WriteLine("Ctrl+C stops it.");
    }

    private IEnumerable<UrlSnapshot> Urls(Func<IResource, bool> ofResource) => _latest.Values
        .Where(change => ofResource(change.Resource)).SelectMany(change => change.Snapshot.Urls).Where(url => !url.IsInternal && !url.IsInactive)
        .OrderByDescending(url => url.DisplayProperties.SortOrder);
}
