using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Envelopes;

/// <summary>An entry in one user's log. <paramref name="Seq"/> is dense and starts at 1 for each user.</summary>
public readonly record struct Envelope(long Seq, LogEntry Entry);

/// <summary>The seq of the newest envelope in a user's log (0 if the log is empty), and the epoch in which that seq is valid.</summary>
public readonly record struct LogHead(Guid Epoch, long Seq)
{
    /// <summary>The number of <see cref="Epoch"/>.</summary>
    public int EpochNumber { get; init; }

    /// <summary>
    /// The last seq that this log shares with the past epoch that was asked about. Null unless promotions alone ended that epoch and all
    /// later ones.
    /// </summary>
    public long? SharedUntil { get; init; }

    public LogEpoch LogEpoch => new(Epoch, EpochNumber);

    /// <summary>
    /// Whether a client that has stored everything up to <paramref name="since"/> can continue from there. From 0 a client always can: it
    /// asks for the whole log, and the epoch does not matter.
    /// </summary>
    /// <param name="since">The last seq that the client has stored.</param>
    /// <param name="epoch">The epoch of <paramref name="since"/>. It must be the epoch that was asked about.</param>
    public bool Honours(long since, Guid? epoch) => since == 0 || (epoch == Epoch ? since <= Seq : since <= SharedUntil);
}

/// <summary>A part of a user's log, and the head of the log right after that part was read.</summary>
public readonly record struct LogPage(LogHead Head, IReadOnlyList<Envelope> Entries);

/// <summary>The heads of many users by user id, all of one epoch. Unknown users are missing.</summary>
public readonly record struct LogHeads(LogEpoch Epoch, IReadOnlyDictionary<long, long> Seqs);
