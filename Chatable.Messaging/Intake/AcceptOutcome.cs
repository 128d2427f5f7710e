using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>What became of entries handed to the intake; all of a call share one fate.</summary>
public enum AcceptOutcome
{
    /// <summary>They are in the log, in the order given.</summary>
    Accepted,

    /// <summary>Surely not appended: the partition is at its limit, or Redis out of memory. Worth another try in a while.</summary>
    Busy,

    /// <summary>Surely not appended: Redis cannot be reached or refuses to write.</summary>
    Unavailable,

    /// <summary>Appended or not, nobody knows. The sender must send again, in order, before anything later of his goes ahead.</summary>
    Unknown,
}

internal static class AppendFailure
{
    /// <summary>Only what surely kept the command from running is not <see cref="AcceptOutcome.Unknown"/>.</summary>
    public static AcceptOutcome OutcomeOf(Exception exception) => exception switch
    {
        // The intake is as full as it can get, only sooner than its limit says.
        RedisServerException { Kind: RedisErrorKind.OutOfMemory } => AcceptOutcome.Busy,
        RedisServerException { Kind: var kind } => IsRefusal(kind) ? AcceptOutcome.Unavailable : AcceptOutcome.Unknown,
        RedisConnectionException lost => NeverSent(lost) ? AcceptOutcome.Unavailable : AcceptOutcome.Unknown,
        // A command that timed out while waiting to be sent may still be sent afterwards.
        _ => AcceptOutcome.Unknown,
    };

    private static bool NeverSent(RedisConnectionException lost) =>
        lost.CommandStatus is CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog
        || (lost.CommandStatus is not CommandStatus.Sent && lost.FailureType is ConnectionFailureType.UnableToConnect);

    // Redis gives these before the script's first write.
    private static bool IsRefusal(RedisErrorKind kind) => kind is
        RedisErrorKind.Misconfigured or RedisErrorKind.ReadOnly or RedisErrorKind.Loading
        or RedisErrorKind.ClusterDown or RedisErrorKind.MasterDown or RedisErrorKind.TryAgain or RedisErrorKind.NoReplicas
        or RedisErrorKind.Busy or RedisErrorKind.MaxClients or RedisErrorKind.NoAuth or RedisErrorKind.WrongPass
        or RedisErrorKind.NoPermission or RedisErrorKind.Moved or RedisErrorKind.Ask;
}
