using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.LocalHosting;

/// <summary>The state of every resource, and the waiting for a state.</summary>
public sealed class ResourceNotificationService(DistributedApplicationModel model)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = [];
    private event Action<ResourceEvent>? Changed;

    /// <summary>Waits until any replica of the resource is in the state, <c>Running</c> unless given.</summary>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits until any replica of the resource is in one of the states, and returns that state.</summary>
    public async Task<string> WaitForResourceAsync(
        string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(resourceName, e => states.Contains(e.Snapshot.State?.Text ?? ""), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <summary>
    /// Waits for an event of the resource that satisfies the predicate, the current state of each replica included. The predicate is
    /// called under a lock: it must be quick.
    /// </summary>
    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        TaskCompletionSource<ResourceEvent> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Check(ResourceEvent e)
        {
            if (!found.Task.IsCompleted && e.Resource.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase) && predicate(e))
                found.TrySetResult(e);
        }

        Subscribe(Check);
        try
        {
            return await found.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
                Changed -= Check;
        }
    }

    /// <summary>Waits until any replica of the resource is healthy.</summary>
    /// <exception cref="DistributedApplicationException">There is no such resource, or it ended or could not start.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        if (!model.Resources.Any(resource => resource.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase)))
            throw new DistributedApplicationException($"The topology has no resource named '{resourceName}'.");
        var settled = await WaitForResourceAsync(resourceName, e => IsHealthy(e) || e.Snapshot.HasEnded, cancellationToken);
        return IsHealthy(settled) ? settled : throw new DistributedApplicationException(
            $"'{resourceName}' cannot become healthy. {settled.Snapshot.Reason}{settled.Snapshot.Output}");
    }

    /// <summary>
    /// The state by resource id, or by resource name where the resource has one replica only.
    /// </summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            if (_current.TryGetValue(resourceId, out resourceEvent))
                return true;
            var named = _current.Values.Where(e => e.Resource.Name.Equals(resourceId, StringComparison.OrdinalIgnoreCase)).Take(2).ToList();
            resourceEvent = named is [var only] ? only : null;
            return resourceEvent is not null;
        }
    }

    /// <summary>The current state of every resource, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Unbounded: a topology makes a few dozen events, and a watcher that misses one would wait for ever.
        var events = Channel.CreateUnbounded<ResourceEvent>();
        void Write(ResourceEvent e) => events.Writer.TryWrite(e);
        Subscribe(Write);
        try
        {
            await foreach (var e in events.Reader.ReadAllAsync(cancellationToken))
                yield return e;
        }
        finally
        {
            lock (_lock)
                Changed -= Write;
        }
    }

    internal static bool IsHealthy(ResourceEvent e) => e.Snapshot.HealthStatus == HealthStatus.Healthy;

    /// <summary>Calls the observer with the current state of everything, then with every change, in order and never concurrently.</summary>
    internal void Subscribe(Action<ResourceEvent> observer)
    {
        lock (_lock)
        {
            foreach (var e in _current.Values)
                observer(e);
            Changed += observer;
        }
    }

    internal void Publish(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        lock (_lock)
        {
            var previous = _current.GetValueOrDefault(resourceId)?.Snapshot ?? new() { ResourceType = resource.GetType().Name };
            var e = _current[resourceId] = new(resource, resourceId, change(previous));
            Changed?.Invoke(e);
        }
    }
}
