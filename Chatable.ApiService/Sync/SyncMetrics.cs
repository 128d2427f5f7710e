using System.Diagnostics.Metrics;

namespace Chatable.ApiService.Sync;

internal sealed class SyncMetrics
{
    private readonly UpDownCounter<int> _waiting;
    private readonly Counter<long> _cutShort;

    public SyncMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Chatable.Sync");
        _waiting = meter.CreateUpDownCounter<int>("chatable.sync.polls", "{request}", "Requests that wait for a user's log to grow.");
        _cutShort = meter.CreateCounter<long>(
            "chatable.sync.polls.cut_short", "{request}", "Requests answered early because too many were waiting, by limit.");
    }

    public void Began() => _waiting.Add(1);

    public void Ended() => _waiting.Add(-1);

    public void CutShort(string limit) => _cutShort.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
