[assembly: AssemblyFixture(typeof(Chatable.Tests.Topology.TopologyFixture))]

namespace Chatable.Tests.Topology;

/// <summary>
/// The whole topology as the AppHost declares it, shared by all tests that leave it as they found it; started by the first that asks.
/// </summary>
public sealed class TopologyFixture : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<RunningTopology>? _topology;

    internal Task<RunningTopology> StartedAsync()
    {
        lock (_gate)
            return _topology ??= RunningTopology.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_topology is not null)
            await (await _topology).DisposeAsync();
    }
}
