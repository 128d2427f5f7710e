using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>Section <c>ServerQueue</c>.</summary>
public sealed class ServerQueueOptions : IKeyPrefixed
{
    public const string Section = "ServerQueue";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>
    /// The approximate number of batches that one server's queue holds. Beyond it the oldest are dropped and counted, and the server
    /// recovers from PostgreSQL.
    /// </summary>
    [Range(100, 10_000_000)]
    public int Limit { get; set; } = 50_000;

    /// <summary>
    /// How long a queue lasts without appends. A worker whose snapshot of the live servers is a second old may append to the queue of a
    /// server that has just left and deleted it. Nothing else would ever delete that queue again. A live server reads at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan IdleLifetime { get; set; } = TimeSpan.FromMinutes(10);

    internal long LifetimeMilliseconds => (long)IdleLifetime.TotalMilliseconds;

    // The boot id and a closing brace follow.
    internal string KeyStart => $"{KeyPrefix}srv:{{";

    internal RedisKey KeyOf(Guid bootId) => $"{KeyStart}{bootId:N}}}";
}

[OptionsValidator]
public sealed partial class ServerQueueOptionsValidator : IValidateOptions<ServerQueueOptions>;
