using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// The partition no longer holds the entries that were read from it: Redis lost its log, or the end of it, and has reused ids for newer
/// entries. Nothing was deleted. The caller must read the partition again.
/// </summary>
public sealed class IntakeChangedException() : RedisException("The partition holds other entries than were read of it.");
