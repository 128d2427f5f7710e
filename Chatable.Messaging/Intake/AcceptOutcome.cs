using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>What became of a message on its way into the intake. All entries of one append share one outcome.</summary>
public enum AcceptOutcome
{
    /// <summary>The entries are in the log, in the order given.</summary>
    Accepted,

    /// <summary>Certainly not appended: the partition is at its limit, or Redis is out of memory. Retrying later can succeed.</summary>
    Busy,

    /// <summary>Certainly not appended: Redis is unreachable or refuses writes.</summary>
    Unavailable,

    /// <summary>
    /// It is unknown whether the entries were appended. The sender must resend them, in order, before it sends later ones.
    /// </summary>
    Unknown,

    /// <summary>Certainly not appended: no user has the recipient's name. Found before the intake is asked.</summary>
    UnknownRecipient,
}

internal static class AppendFailure
{
    /// <summary>Returns <see cref="AcceptOutcome.Unknown"/> unless the failure proves that the command did not run.</summary>
    public static AcceptOutcome OutcomeOf(Exception exception) => exception switch
    {
        // The intake is full, although it is below its configured limit.
        RedisServerException { Kind: RedisErrorKind.OutOfMemory } => AcceptOutcome.Busy,
        RedisServerException { Kind: var kind } => IsRefusal(kind) ? AcceptOutcome.Unavailable : AcceptOutcome.Unknown,
        RedisConnectionException lost => NeverSent(lost) ? AcceptOutcome.Unavailable : AcceptOutcome.Unknown,
        // A command that timed out while waiting to be sent may still be sent later.
        _ => AcceptOutcome.Unknown,
    };

    private static bool NeverSent(RedisConnectionException lost) =>
        lost.CommandStatus is CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog
        || (lost.CommandStatus is not CommandStatus.Sent && lost.FailureType is ConnectionFailureType.UnableToConnect);

    // Redis returns these errors before the script's first write.
    private static bool IsRefusal(RedisErrorKind kind) => kind is
        RedisErrorKind.Misconfigured or RedisErrorKind.ReadOnly or RedisErrorKind.Loading
        or RedisErrorKind.ClusterDown or RedisErrorKind.MasterDown or RedisErrorKind.TryAgain or RedisErrorKind.NoReplicas
        or RedisErrorKind.Busy or RedisErrorKind.MaxClients or RedisErrorKind.NoAuth or RedisErrorKind.WrongPass
        or RedisErrorKind.NoPermission or RedisErrorKind.Moved or RedisErrorKind.Ask;
}
