namespace Chatable.LocalHosting;

/// <summary>Whose turn it is to take the next connection of an endpoint.</summary>
internal sealed class ReplicaRotation(string endpointName, IReadOnlyList<ResourceInstance> replicas)
{
    private int _turn = -1;

    /// <summary>Healthy replicas in turn, then those that merely run: one that drains or still comes up is better than none.</summary>
    public IEnumerable<int> Next()
    {
        var turn = Interlocked.Increment(ref _turn) & int.MaxValue;
        return Enumerable.Range(0, replicas.Count).Select(i => replicas[(turn + i) % replicas.Count])
            .Where(replica => replica.IsRunning).OrderByDescending(replica => replica.IsHealthy)
            .Select(replica => replica.Ports[endpointName]);
    }
}
