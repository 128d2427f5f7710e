using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Envelopes;

/// <summary>One entry of a user's log. <paramref name="Seq"/> is dense from 1 for each user.</summary>
public readonly record struct Envelope(long Seq, MessageRecord Message);

/// <summary>The seq of the newest envelope in a user's log, 0 for an empty one, and the epoch in which that seq means something.</summary>
public readonly record struct LogHead(Guid Epoch, long Seq)
{
    /// <summary>Of the epoch.</summary>
    public int EpochNumber { get; init; }

    /// <summary>
    /// Up to where the log is the same as in the past epoch that was asked about, where a promotion has ended that; else null.
    /// </summary>
    public long? SharedUntil { get; init; }

    public LogEpoch LogEpoch => new(Epoch, EpochNumber);

    /// <summary>
    /// Whether a client that has stored everything up to <paramref name="since"/> can go on from there. From 0 it always can: it
    /// asks for everything, whichever epoch it knew.
    /// </summary>
    /// <param name="since">The last seq it has stored.</param>
    /// <param name="epoch">The epoch of that, which must be the one that was asked about.</param>
    public bool Honours(long since, Guid? epoch) => since == 0 || (epoch == Epoch ? since <= Seq : since <= SharedUntil);
}

/// <summary>A part of a user's log, and where the log stood when that had been read.</summary>
public readonly record struct LogPage(LogHead Head, IReadOnlyList<Envelope> Entries);

/// <summary>The heads of many users by their ids, all of one epoch; one who is unknown is missing.</summary>
public readonly record struct LogHeads(LogEpoch Epoch, IReadOnlyDictionary<long, long> Seqs);
