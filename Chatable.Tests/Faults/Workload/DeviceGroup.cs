namespace Chatable.Tests.Faults.Workload;

/// <summary>Devices that start and stop together, in addition to the workload's own.</summary>
internal sealed class DeviceGroup : IAsyncDisposable
{
    private readonly RecordingDevice[] _devices;

    public DeviceGroup(IEnumerable<RecordingDevice> devices)
    {
        _devices = [.. devices];
        foreach (var device in _devices)
            device.Start();
    }

    public bool AreConnected => _devices.All(device => device.Connection is not null);

    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices)
            await device.DisposeAsync();
    }
}
