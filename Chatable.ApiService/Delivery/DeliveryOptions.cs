using Chatable.ApiService.Http;
using Chatable.Messaging.Registry;

namespace Chatable.ApiService.Delivery;

/// <summary>Section <c>Realtime:Delivery</c>: how pushes are put in order, and missing ones recovered.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Realtime:Delivery";

    // Well below the timeout of Redis' client, which is five seconds unless its connection string sets another.
    private static readonly TimeSpan s_longestPoll = TimeSpan.FromSeconds(2);

    /// <summary>How long a push that is ahead of its turn waits for missing ones before they are read from PostgreSQL.</summary>
    public TimeSpan Hold { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The most pushes that one connection holds. Further ones are dropped, counted, and later read from PostgreSQL.</summary>
    public int HoldLimit { get; set; } = 256;

    /// <summary>The most envelopes per read.</summary>
    public int PageSize { get; set; } = 200;

    /// <summary>The most concurrent reads of this server. Further ones wait, because requests need database connections, too.</summary>
    public int ConcurrentReads { get; set; } = 4;

    /// <summary>How long one read may take.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a read of the server's queue waits if the queue is empty.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The most batches per read of the server's queue.</summary>
    public int QueueBatches { get; set; } = 100;

    /// <summary>How often every connection is compared with its user's head, varied by up to a tenth.</summary>
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be behind a head before the gap is read: most pushes are only in transit.</summary>
    public TimeSpan ReconcilePatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often all users are registered again, well within the lifetime of a registration.</summary>
    public TimeSpan RegistrationRefresh { get; set; } = TimeSpan.FromHours(1);

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(Hold, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), "Realtime:Delivery:Hold"),
        .. OptionRange.Of(HoldLimit, 1, 100_000, "Realtime:Delivery:HoldLimit"),
        .. OptionRange.Of(PageSize, 1, 1000, "Realtime:Delivery:PageSize"),
        .. OptionRange.Of(ConcurrentReads, 1, 1000, "Realtime:Delivery:ConcurrentReads"),
        .. OptionRange.Of(ReadTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), "Realtime:Delivery:ReadTimeout"),
        .. OptionRange.Of(Poll, TimeSpan.FromMilliseconds(1), s_longestPoll, "Realtime:Delivery:Poll"),
        .. OptionRange.Of(QueueBatches, 1, 10_000, "Realtime:Delivery:QueueBatches"),
        .. OptionRange.Positive(ReconcileInterval, "Realtime:Delivery:ReconcileInterval"),
        .. OptionRange.Positive(ReconcilePatience, "Realtime:Delivery:ReconcilePatience"),
        .. OptionRange.Positive(RegistrationRefresh, "Realtime:Delivery:RegistrationRefresh"),
    ];

    /// <summary>Lists the conflicts with the settings of the registry.</summary>
    public IEnumerable<string> Faults(RegistryOptions registry) =>
        RegistrationRefresh > registry.UserLifetime / 2
            ? ["Realtime:Delivery:RegistrationRefresh must be half of Registry:UserLifetime at most."] : [];
}
