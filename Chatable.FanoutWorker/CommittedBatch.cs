using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;

namespace Chatable.FanoutWorker;

/// <summary>A batch that is stored: what is left is to tell servers of it, and to delete it from the intake.</summary>
/// <param name="Heads">What it was read as, without what is among the dead letters now.</param>
/// <param name="Untold">What servers are to be told.</param>
/// <param name="StartedAt">When it had been read, as a timestamp of the time provider.</param>
internal sealed record CommittedBatch(IReadOnlyList<PartitionHead> Heads, IReadOnlyList<AddressedItem> Untold, long StartedAt);
