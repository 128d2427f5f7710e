namespace Chatable.Messaging.Envelopes;

/// <summary>The seq of the newest envelope in a user's log, 0 for an empty one, and the epoch in which that seq means something.</summary>
public readonly record struct LogHead(Guid Epoch, long Seq)
{
    /// <summary>
    /// Whether a client that has stored everything up to <paramref name="since"/> can go on from there. From 0 it always can: it
    /// asks for everything, whichever epoch it knew.
    /// </summary>
    public bool Honours(long since, Guid? epoch) => since == 0 || (epoch == Epoch && since <= Seq);
}
