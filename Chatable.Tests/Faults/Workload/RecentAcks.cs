using System.Collections.Concurrent;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// What was acked on the connection that lives, the newest few. A server tells a repeat that comes out of turn only within about two
/// windows of acks; to send an older message again between others is the client's own fault.
/// </summary>
internal sealed class RecentAcks
{
    private const int Kept = 24;

    private readonly ConcurrentQueue<Draft> _acked = new();

    public void Add(Draft draft)
    {
        _acked.Enqueue(draft);
        while (_acked.Count > Kept)
            _acked.TryDequeue(out _);
    }

    /// <summary>One not taken before; null where there is none.</summary>
    public Draft? Take() => _acked.TryDequeue(out var draft) ? draft : null;

    public void Clear() => _acked.Clear();
}
