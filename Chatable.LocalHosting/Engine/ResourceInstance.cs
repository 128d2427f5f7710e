using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.LocalHosting;

/// <summary>
/// One process of a resource: a server, or one replica of a project. It can be started and stopped any number of times, under one
/// id and on one port.
/// </summary>
internal sealed class ResourceInstance(
    Resource resource, IRunner runner, ResourceNotificationService notifications, ResourceOutput output, EngineOptions options)
    : IDisposable
{
    private static readonly TimeSpan s_shortestProbeInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestProbeInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_healthyProbeInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_probeTimeout = TimeSpan.FromSeconds(5);

    // Start and stop exclude each other; the watch over a process's end does not take it.
    private readonly SemaphoreSlim _transition = new(1, 1);
    private ChildProcess? _process;
    private Task _watch = Task.CompletedTask;
    private bool _stopAsked;

    public Resource Resource { get; } = resource;

    public IRunner Runner { get; } = runner;

    public string Suffix { get; } = InstanceId.NewSuffix();

    public string Id => $"{Resource.Name}-{Suffix}";

    /// <summary>This process's own ports by endpoint name.</summary>
    public IReadOnlyDictionary<string, int> Ports { get; init; } = new Dictionary<string, int>();

    public bool IsRunning { get; private set; }

    public bool IsHealthy { get; private set; }

    /// <summary>Starts the process; what became of it is published, never thrown.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _transition.WaitAsync(cancellationToken);
        try
        {
            if (IsRunning)
                return;
            await _watch;
            Publish(snapshot => snapshot with { State = KnownResourceStates.Starting, ExitCode = null, Reason = null, Output = null });
            var spec = await Runner.PrepareAsync(this, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _stopAsked = false;
            _process = await ChildProcess.StartAsync(spec, line => output.Write(this, line));
            IsRunning = true;
            Publish(snapshot => Started(snapshot, spec, _process.Id));
            _watch = WatchAsync(_process);
        }
        catch (DistributedApplicationException e)
        {
            Publish(snapshot => snapshot with { State = KnownResourceStates.FailedToStart, Reason = e.Message });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, a folder without the right to write: for the reader a sentence, not a defect of the engine.
            var reason = $"It cannot be prepared: {e.Message}";
            Publish(snapshot => snapshot with { State = KnownResourceStates.FailedToStart, Reason = reason });
        }
        finally
        {
            _transition.Release();
        }
    }

    /// <summary>Stops the process, if there is one.</summary>
    public async Task StopAsync()
    {
        await _transition.WaitAsync();
        try
        {
            if (_process is null || !IsRunning)
                return;
            _stopAsked = true;
            Publish(snapshot => snapshot with { State = KnownResourceStates.Stopping });
            await _process.StopAsync(options.StopTimeout);
            await _watch;
        }
        finally
        {
            _transition.Release();
        }
    }

    public void Dispose()
    {
        Runner.CleanUp();
        _transition.Dispose();
    }

    public void Publish(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => notifications.Publish(Resource, Id, change);

    private CustomResourceSnapshot Started(CustomResourceSnapshot snapshot, ProcessSpec spec, int processId) => snapshot.With(
        "executable.pid", processId) with
    {
        State = KnownResourceStates.Running,
        StartTimeStamp = DateTime.UtcNow,
        HealthReports = [.. HealthCheckKeys().Select(key => new HealthReportSnapshot(key, null, null, null))],
        EnvironmentVariables =
            [.. spec.Environment.Select(variable => new EnvironmentVariableSnapshot(variable.Key, variable.Value, IsFromSpec: true))],
        Urls = [.. Resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is not null)
            .Select(endpoint => new UrlSnapshot(endpoint.Name, endpoint.AllocatedEndpoint!.UriString, !endpoint.IsExternal))],
    };

    private async Task WatchAsync(ChildProcess process)
    {
        using var ended = new CancellationTokenSource();
        var probing = ProbeAsync(ended.Token);
        var exitCode = await process.Exited;
        IsRunning = IsHealthy = false;
        await ended.CancelAsync();
        await probing;

        var ends = Resource is ServerResource ? KnownResourceStates.Exited : KnownResourceStates.Finished;
        var reason = _stopAsked
            ? "It was stopped."
            : string.Create(CultureInfo.InvariantCulture, $"It ended by itself with exit code {exitCode}.");
        Publish(snapshot => snapshot.With("executable.pid", null) with
        {
            State = new(ends, _stopAsked || exitCode == 0 ? null : "error"),
            ExitCode = exitCode,
            StopTimeStamp = DateTime.UtcNow,
            Reason = reason,
            Output = output.LastWords(this),
        });
        process.Dispose();
    }

    // Often while it comes up, seldom once it is healthy; each change is published, no change is not.
    private async Task ProbeAsync(CancellationToken ended)
    {
        var interval = s_shortestProbeInterval;
        IsHealthy = !Resource.HasHealthCheck;
        try
        {
            while (Resource.HasHealthCheck)
            {
                if (await ProbeOnceAsync(ended) is var healthy && healthy != IsHealthy)
                    PublishHealth(healthy);
                interval = healthy ? s_healthyProbeInterval
                    : interval >= s_longestProbeInterval ? s_longestProbeInterval : interval * 1.25;
                await Task.Delay(interval, ended);
            }
        }
        catch (OperationCanceledException)
        {
            // The process has ended.
        }
    }

    private async Task<bool> ProbeOnceAsync(CancellationToken ended)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ended);
        timeout.CancelAfter(s_probeTimeout);
        try
        {
            return await Runner.IsHealthyAsync(this, timeout.Token);
        }
        catch (OperationCanceledException) when (!ended.IsCancellationRequested)
        {
            return false;
        }
    }

    private void PublishHealth(bool healthy)
    {
        IsHealthy = healthy;
        var status = healthy ? HealthStatus.Healthy : HealthStatus.Unhealthy;
        Publish(snapshot => snapshot with
        {
            HealthReports = [.. HealthCheckKeys().Select(key => new HealthReportSnapshot(key, status, null, null))],
        });
    }

    private IEnumerable<string> HealthCheckKeys() => Resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key);
}
