using System.ComponentModel.DataAnnotations;
using Chatable.Messaging.Registry;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Delivery;

/// <summary>Section <c>Realtime:Delivery</c>: how pushes are put in order, and missing ones recovered.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Realtime:Delivery";

    /// <summary>How long a push that is ahead of its turn waits for missing ones before they are read from PostgreSQL.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Hold { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The most pushes that one connection holds. Further ones are dropped, counted, and later read from PostgreSQL.</summary>
    [Range(1, 100_000)]
    public int HoldLimit { get; set; } = 256;

    /// <summary>The most envelopes per read.</summary>
    [Range(1, 1000)]
    public int PageSize { get; set; } = 200;

    /// <summary>The most concurrent reads of this server. Further ones wait, because requests need database connections, too.</summary>
    [Range(1, 1000)]
    public int ConcurrentReads { get; set; } = 4;

    /// <summary>How long one read may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a read of the server's queue waits if the queue is empty: at most 2 s, well below the 5 s of Redis' client.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:02")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The most batches per read of the server's queue.</summary>
    [Range(1, 10_000)]
    public int QueueBatches { get; set; } = 100;

    /// <summary>How often every connection is compared with its user's head, varied by up to a tenth.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be behind a head before the gap is read: most pushes are only in transit.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan ReconcilePatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often all users are registered again, well within the lifetime of a registration.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RegistrationRefresh { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Lists the conflicts with the settings of the registry.</summary>
    public IEnumerable<string> Contradictions(RegistryOptions registry) =>
        RegistrationRefresh > registry.UserLifetime / 2
            ? ["Realtime:Delivery:RegistrationRefresh must be half of Registry:UserLifetime at most."] : [];
}

[OptionsValidator]
internal sealed partial class DeliveryOptionsValidator : IValidateOptions<DeliveryOptions>;
