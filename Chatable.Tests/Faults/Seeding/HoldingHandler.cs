using Chatable.Messaging.Wire;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// A bug of an API server: the last pushes of each user are held, and each keeps the batch in memory of which it is a piece.
/// </summary>
internal sealed class HoldingHandler : IDispatchHandler
{
    public const string Bug = "pushes_keep_batches";

    private const int Limit = 256;

    private readonly Dictionary<long, Queue<MessageRecord>> _held = [];

    public void Handle(in MessageStored stored)
    {
        foreach (var (user, _) in stored.Recipients)
        {
            if (!_held.TryGetValue(user, out var held))
                _held[user] = held = [];
            held.Enqueue(stored.Message);
            if (held.Count > Limit)
                held.Dequeue();
        }
    }

    public void Handle(in MessageRepeated repeated)
    {
    }

    public void Handle(in MessageRefused refused)
    {
    }
}
