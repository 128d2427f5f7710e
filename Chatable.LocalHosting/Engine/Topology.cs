using Microsoft.Extensions.Hosting;

namespace Chatable.LocalHosting;

/// <summary>Starts the resources of a model in their order, and stops them in the reverse.</summary>
internal sealed class Topology(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceOutput output, EngineOptions options,
    IHostEnvironment environment)
    : IHostedService, IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly List<EndpointFront> _fronts = [];
    private readonly CancellationTokenSource _stopping = new();
    private List<ResourceInstance> _instances = [];
    private readonly ConnectionFiles _connections = new(model, options);
    private Task? _stopped;

    public IReadOnlyList<ResourceInstance> Instances => _instances;

    /// <summary>Whether a resource could not start, or ended by itself with an error.</summary>
    public bool HasFailed { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        TemporaryFolders.Sweep();
        notifications.Subscribe(NoteFailure);
        _instances = [.. new InstanceFactory(model, notifications, output, options, environment, _http).Create()];
        OpenFronts();
        await _connections.WriteAsync(either.Token);
        await Task.WhenAll(model.Resources.OfType<Resource>().Select(resource => StartAsync(resource, either.Token)));
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopped ??= StopInOrderAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _http.Dispose();
        _stopping.Dispose();
    }

    private IEnumerable<ResourceInstance> Of(Resource resource) => _instances.Where(instance => instance.Resource == resource);

    // Before any process starts: a taken port should cost nobody the time of a start. Other resources learn the addresses from here.
    private void OpenFronts()
    {
        foreach (var project in model.Resources.OfType<ProjectResource>())
            foreach (var endpoint in project.Endpoints)
            {
                try
                {
                    var fixedPort = endpoint.IsExternal && !options.RandomizePorts ? endpoint.Port : null;
                    var rotation = new ReplicaRotation(endpoint.Name, [.. Of(project)]);
                    _fronts.Add(EndpointFront.Open(project.Name, endpoint, fixedPort, rotation.Next));
                }
                catch (DistributedApplicationException e)
                {
                    Fail(project, e);
                }
            }
    }

    private async Task StartAsync(Resource resource, CancellationToken cancellationToken)
    {
        if (HasEnded(resource))
            return;
        try
        {
            if (resource.Annotations.OfType<WaitAnnotation>().Any())
                Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Waiting });
            await Task.WhenAll(resource.Annotations.OfType<WaitAnnotation>().Select(wait => WaitAsync(wait, cancellationToken)));
            await Task.WhenAll(Of(resource).Select(instance => instance.StartAsync(cancellationToken)));
            if (resource is PostgresDatabaseResource { IsExternal: false } database)
                await CreateAsync(database, cancellationToken);
            else if (!Of(resource).Any())
                Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Running });
        }
        catch (DistributedApplicationException e)
        {
            Fail(resource, e);
        }
    }

    private async Task WaitAsync(WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var dependency = (Resource)wait.Resource;
        var ids = Of(dependency).Select(instance => instance.Id).DefaultIfEmpty(dependency.Name).ToList();
        await Task.WhenAll(ids.Select(async id =>
        {
            var settled = await notifications.WaitForResourceAsync(
                dependency.Name,
                e => e.ResourceId == id && (e.Snapshot.HasEnded
                    || (wait.WaitType == WaitType.WaitUntilHealthy && ResourceNotificationService.IsHealthy(e))),
                cancellationToken);
            var satisfied = wait.WaitType == WaitType.WaitUntilHealthy
                ? !settled.Snapshot.HasEnded
                : settled.Snapshot.ExitCode == wait.ExitCode;
            if (!satisfied)
                throw new DistributedApplicationException($"It waits for '{dependency.Name}', which failed. {settled.Snapshot.Reason}")
                {
                    Output = settled.Snapshot.Output,
                };
        }));
    }

    private async Task CreateAsync(PostgresDatabaseResource database, CancellationToken cancellationToken)
    {
        await WaitAsync(new(database.Parent, WaitType.WaitUntilHealthy), cancellationToken);
        var runner = (PostgresRunner)Of(database.Parent).Single().Runner;
        await runner.CreateDatabaseAsync(database.DatabaseName, cancellationToken);
        Publish(database, snapshot => snapshot with { State = KnownResourceStates.Running });
    }

    private void Fail(Resource resource, DistributedApplicationException e) => Publish(
        resource, snapshot => snapshot with { State = KnownResourceStates.FailedToStart, Reason = e.Message, Output = e.Output });

    private bool HasEnded(Resource resource) => Of(resource).Select(instance => instance.Id).DefaultIfEmpty(resource.Name)
        .Any(id => notifications.TryGetCurrentState(id, out var e) && e.Snapshot.HasEnded);

    private void Publish(Resource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        foreach (var id in Of(resource).Select(instance => instance.Id).DefaultIfEmpty(resource.Name))
            notifications.Publish(resource, id, change);
    }

    private void NoteFailure(ResourceEvent e) =>
        HasFailed |= e.Snapshot.State is { Style: "error" } || e.Snapshot.State?.Text == KnownResourceStates.FailedToStart;

    // Whoever waited for another at the start goes before it at the end.
    private async Task StopInOrderAsync()
    {
        await _stopping.CancelAsync();
        _connections.Delete();
        foreach (var front in _fronts)
            front.StopAccepting();
        var remaining = model.Resources.OfType<Resource>().ToList();
        while (remaining.Count > 0)
        {
            var needed = remaining.SelectMany(Dependencies).ToHashSet();
            var next = remaining.Where(resource => !needed.Contains(resource)).ToList();
            if (next.Count == 0)
                next = remaining;
            await Task.WhenAll(next.SelectMany(Of).Select(instance => instance.StopAsync()));
            remaining = [.. remaining.Except(next)];
        }

        foreach (var front in _fronts)
            front.Dispose();
        foreach (var instance in _instances)
            instance.Dispose();
    }

    private static IEnumerable<IResource> Dependencies(Resource resource)
    {
        var waits = resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource);
        return resource is PostgresDatabaseResource database ? waits.Append(database.Parent) : waits;
    }
}
