using System.Collections.Concurrent;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// The messages acked most recently on the current connection. A server recognizes a repeat out of order only within about two windows of
/// acks; repeating an older message between others is the client's own fault.
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

    /// <summary>One that was not taken before; null if there is none.</summary>
    public Draft? Take() => _acked.TryDequeue(out var draft) ? draft : null;

    public void Clear() => _acked.Clear();
}
