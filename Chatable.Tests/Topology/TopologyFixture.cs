[assembly: AssemblyFixture(typeof(Chatable.Tests.Topology.TopologyFixture))]

namespace Chatable.Tests.Topology;

/// <summary>
/// The whole topology as declared by the AppHost, started by the first test that needs it and shared by all tests that do not change it.
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
