using System.Globalization;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chatable.Tests.Topology;

/// <summary>A started AppHost, without its limits on how fast one client may write: tests are faster than people.</summary>
internal sealed class RunningTopology : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(3);

    // Otherwise each HTTP export to the collector logs four lines on the console.
    private static readonly (string, string) s_fewerLines = ("Logging__LogLevel__Polly", "Warning");

    private RunningTopology(DistributedApplication app) => App = app;

    public DistributedApplication App { get; }

    /// <summary>The public address, in front of all replicas.</summary>
    public Uri Api => App.GetEndpoint("api", "http");

    /// <param name="arguments">For the AppHost, added to those that isolate the data and ports of tests.</param>
    public static Task<RunningTopology> StartAsync(params string[] arguments) => StartAsync(withDashboard: false, arguments);

    /// <inheritdoc cref="StartAsync(string[])"/>
    /// <param name="withDashboard">Whether the dashboard also runs.</param>
    /// <param name="arguments">For the AppHost.</param>
    public static Task<RunningTopology> StartAsync(bool withDashboard, params string[] arguments) =>
        StartAsync(withDashboard, telemetry: null, arguments);

    /// <inheritdoc cref="StartAsync(string[])"/>
    /// <param name="telemetry">Receives the services' telemetry instead of the dashboard.</param>
    /// <param name="arguments">For the AppHost.</param>
    public static Task<RunningTopology> StartAsync(OtlpCollector telemetry, params string[] arguments) =>
        StartAsync(withDashboard: false, telemetry, arguments);

    private static async Task<RunningTopology> StartAsync(bool withDashboard, OtlpCollector? telemetry, string[] arguments)
    {
        using var turn = await StartTurn.TakeAsync(CancellationToken.None);
        using var limit = new CancellationTokenSource(s_startLimit);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(
            ["--Stores=processes", "--UseVolumes=false", .. arguments],
            (options, _) => options.DisableDashboard = !withDashboard, limit.Token);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        builder.CreateResourceBuilder<ProjectResource>("api")
            .WithEnvironment("Realtime__FramesPerSecond", "100000")
            .WithEnvironment("Realtime__FrameBurst", "100000")
            .WithEnvironment("Realtime__PendingSends", "5000");
        // Without dashboard and collector nothing listens there, and each process would retry for ten seconds before it exits.
        if (!withDashboard)
            SendTelemetry(builder, telemetry is null ? [("OTEL_EXPORTER_OTLP_ENDPOINT", "")] : [.. telemetry.Settings, s_fewerLines]);

        var app = await builder.BuildAsync(limit.Token);
        try
        {
            await app.StartAsync(limit.Token);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("api", limit.Token);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("fanout", limit.Token);
            return new RunningTopology(app);
        }
        catch (Exception failure)
        {
            var states = await StatesAsync(app);
            await app.DisposeAsync();
            throw new InvalidOperationException($"The topology did not start: {states}", failure);
        }
    }

    // api-vreaiugt Running Unhealthy, …
    private static async Task<string> StatesAsync(DistributedApplication app)
    {
        var states = new SortedDictionary<string, string>(StringComparer.Ordinal);
        // The current states arrive at once; it does not wait for later ones.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await foreach (var change in app.ResourceNotifications.WatchAsync(limit.Token))
                states[change.ResourceId] = $"{change.Snapshot.State?.Text} {change.Snapshot.HealthStatus}";
        }
        catch (OperationCanceledException)
        {
        }

        return string.Join(", ", states.Select(state => $"{state.Key} {state.Value}"));
    }

    private static void SendTelemetry(IDistributedApplicationTestingBuilder builder, (string Key, string Value)[] settings)
    {
        foreach (var project in builder.Resources.OfType<ProjectResource>().Select(builder.CreateResourceBuilder))
        {
            foreach (var (key, value) in settings)
                project.WithEnvironment(key, value);
        }
    }

    /// <summary>A healthy instance of the resource, by the name that commands take: <c>api-vreaiugt</c>.</summary>
    public async Task<string> InstanceOfAsync(string resource, CancellationToken cancellationToken) =>
        (await App.ResourceNotifications.WaitForResourceHealthyAsync(resource, cancellationToken)).ResourceId;

    /// <summary>All instances of the resource, once as many are running as it has replicas.</summary>
    public async Task<IReadOnlyCollection<string>> InstancesOfAsync(string resource, CancellationToken cancellationToken)
    {
        HashSet<string> running = [];
        await App.ResourceNotifications.WaitForResourceAsync(
            resource,
            change =>
            {
                if (change.Snapshot.State?.Text == KnownResourceStates.Running)
                    running.Add(change.ResourceId);
                return running.Count == change.Resource.GetReplicaCount();
            },
            cancellationToken);
        return running;
    }

    /// <summary>The instance whose own name is <paramref name="server"/> (<c>instance/boot</c>).</summary>
    public static string InstanceOf(string resource, string server) => $"{resource}-{server.Split('/')[0]}";

    public string? StateOf(string instance) =>
        App.ResourceNotifications.TryGetCurrentState(instance, out var current) ? current.Snapshot.State?.Text : null;

    /// <summary>The process of an instance. The orchestrator starts a project with <c>dotnet run</c>, whose child is the service.</summary>
    public int ProcessOf(string instance)
    {
        Assert.True(App.ResourceNotifications.TryGetCurrentState(instance, out var current));
        var started = current.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        return Assert.Single(ProcessTable.ChildrenOf(Convert.ToInt32(started, CultureInfo.InvariantCulture)));
    }

    /// <summary>Sends SIGTERM to the service itself, as a platform does, and waits until the orchestrator has noticed.</summary>
    public async Task EndAsync(string instance, CancellationToken cancellationToken)
    {
        Signals.Send(ProcessOf(instance), Signals.Terminate);
        await Eventually.HoldsAsync(
            () => Task.FromResult(KnownResourceStates.TerminalStates.Contains(StateOf(instance))), $"{instance} has ended", cancellationToken);
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
