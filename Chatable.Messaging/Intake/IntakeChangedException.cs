using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// A partition does not hold any more what was read of it: Redis lost its log, or the end of it, and has numbered anew what came since.
/// Nothing was deleted; it is to be read again.
/// </summary>
public sealed class IntakeChangedException() : RedisException("The partition holds other entries than were read of it.");
