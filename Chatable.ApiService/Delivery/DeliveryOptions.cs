using Chatable.ApiService.Http;
using Chatable.Messaging.Registry;

namespace Chatable.ApiService.Delivery;

/// <summary>Section <c>Realtime:Delivery</c>: how pushes are put in order and repaired.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Realtime:Delivery";

    // Well within the time after which Redis' client gives an answer up, five seconds unless its connection string says otherwise.
    private static readonly TimeSpan s_longestPoll = TimeSpan.FromSeconds(2);

    /// <summary>How long a push that is ahead of its turn waits for what is missing, before that is read from PostgreSQL.</summary>
    public TimeSpan Hold { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Pushes one connection holds; more are dropped, counted, and read from PostgreSQL in their turn.</summary>
    public int HoldLimit { get; set; } = 256;

    /// <summary>Envelopes read at once.</summary>
    public int PageSize { get; set; } = 200;

    /// <summary>Reads of this server that run at the same time; more wait. Requests need connections to the database, too.</summary>
    public int ConcurrentReads { get; set; } = 4;

    /// <summary>How long one read may take.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a read of the server's queue waits where nothing is in it, before it is asked anew.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Batches read from the server's queue at once.</summary>
    public int QueueBatches { get; set; } = 100;

    /// <summary>How often every connection is compared with its user's head, a tenth more or less.</summary>
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may stay behind a head before it is repaired: most pushes are only on their way.</summary>
    public TimeSpan ReconcilePatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often all users are registered anew, well within the lifetime of a registration.</summary>
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

    /// <summary>What is wrong beside the settings of the registry.</summary>
    public IEnumerable<string> Faults(RegistryOptions registry) =>
        RegistrationRefresh > registry.UserLifetime / 2
            ? ["Realtime:Delivery:RegistrationRefresh must be half of Registry:UserLifetime at most."] : [];
}
