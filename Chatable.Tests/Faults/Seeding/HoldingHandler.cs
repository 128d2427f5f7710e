using Chatable.Messaging.Wire;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>A bug of an API server: it holds the last pushes of each user, and each keeps its whole batch in memory.</summary>
internal sealed class HoldingHandler : IDispatchHandler
{
    public const string Bug = "pushes_keep_batches";

    private const int Limit = 256;

    private readonly Dictionary<long, Queue<LogEntry>> _held = [];

    public void Handle(in EntryStored stored)
    {
        foreach (var (user, _) in stored.Recipients)
        {
            if (!_held.TryGetValue(user, out var held))
                _held[user] = held = [];
            held.Enqueue(stored.Entry);
            if (held.Count > Limit)
                held.Dequeue();
        }
    }

    public void Handle(in CommandRepeated repeated)
    {
    }

    public void Handle(in CommandRefused refused)
    {
    }
}
