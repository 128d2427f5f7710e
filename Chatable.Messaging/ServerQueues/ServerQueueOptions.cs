using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>Section <c>ServerQueue</c>.</summary>
public sealed class ServerQueueOptions : IKeyPrefixed
{
    public const string Section = "ServerQueue";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>
    /// Batches one server's queue holds, roughly; past it the oldest are dropped and counted, and the server repairs from PostgreSQL.
    /// </summary>
    public int Limit { get; set; } = 50_000;

    /// <summary>
    /// How long a queue stays to which nothing is appended. A worker whose picture of the live servers is a second old may append to
    /// the queue of one that has just left and removed it; nobody else would ever remove it again. A living server reads at once.
    /// </summary>
    public TimeSpan IdleLifetime { get; set; } = TimeSpan.FromMinutes(10);

    internal long LifetimeMilliseconds => (long)IdleLifetime.TotalMilliseconds;

    // Followed by the boot id and a closing brace.
    internal string KeyStart => $"{KeyPrefix}srv:{{";

    internal RedisKey KeyOf(Guid bootId) => $"{KeyStart}{bootId:N}}}";
}
