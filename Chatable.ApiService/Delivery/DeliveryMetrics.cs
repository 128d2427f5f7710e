using System.Diagnostics.Metrics;
using Chatable.Messaging.Telemetry;

namespace Chatable.ApiService.Delivery;

internal sealed class DeliveryMetrics
{
    private readonly Counter<long> _repaired;
    private readonly Counter<long> _dropped;
    private readonly Gauge<int> _workers;
    private int _registrations;
    private int _registeredUsers;

    public DeliveryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Realtime);
        _repaired = meter.CreateCounter<long>(
            "chatable.realtime.repaired", "{envelope}",
            "Envelopes read from PostgreSQL because their push did not arrive, by what showed that they were missing.");
        _dropped = meter.CreateCounter<long>(
            "chatable.realtime.dropped", "{item}", "Items that a full or unreadable queue dropped, or of an unknown kind; repaired later.");
        _workers = meter.CreateGauge<int>(
            "chatable.workers.live", "{worker}", "Live fan-out workers, as this server sees them in Redis.");
        meter.CreateObservableGauge(
            "chatable.realtime.registrations", () => Volatile.Read(ref _registrations), "{registration}",
            "Sockets and waiting requests of the users that this server is registered for.");
        meter.CreateObservableGauge(
            "chatable.realtime.registrations.users", () => Volatile.Read(ref _registeredUsers), "{user}",
            "Users that this server is registered for in Redis.");
    }

    public void Repaired(int envelopes, string cause)
    {
        if (envelopes > 0)
            _repaired.Add(envelopes, new KeyValuePair<string, object?>("cause", cause));
    }

    public void WorkersLive(int workers) => _workers.Record(workers);

    /// <summary>Not thread-safe.</summary>
    public void Registered(int connections, int users)
    {
        Volatile.Write(ref _registrations, connections);
        Volatile.Write(ref _registeredUsers, users);
    }

    public void Dropped(string queue, int count = 1) => _dropped.Add(count, new KeyValuePair<string, object?>("queue", queue));
}
