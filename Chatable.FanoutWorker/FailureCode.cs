using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

internal static class FailureCode
{
    /// <summary>Returns one of a few distinct codes, suitable for a metric.</summary>
    public static string Of(Exception failure) => failure switch
    {
        IntakeChangedException => "intake_changed",
        DeadLettersFullException => "dead_letters_full",
        RedisServerException { Kind: var kind } => $"redis_{kind}",
        _ => PersistFailures.CodeOf(failure),
    };
}
