using Chatable.ApiService.Http;

namespace Chatable.ApiService.Delivery;

/// <summary>Section <c>Workers</c>: how a server looks whether anybody stores what it takes.</summary>
internal sealed class WorkersOptions
{
    public const string Section = "Workers";

    /// <summary>How often Redis is asked how many workers live.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long none may be seen before they count as missing: a worker that is replaced, or a Redis that has just restarted, is nothing to
    /// tell. A worker that died without a word is seen for <c>Fanout:LeaseDuration</c> (10 s) more.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Whether missing workers fail the readiness. By default they do not: all servers see the same workers, so that all would be taken out
    /// of service at once, and with them what works without a worker: reading, registering, and taking messages into the intake.
    /// </summary>
    public bool RequiredForReadiness { get; set; }

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(LookEvery, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1), "Workers:LookEvery"),
        .. OptionRange.Of(Patience, TimeSpan.Zero, TimeSpan.FromHours(1), "Workers:Patience"),
    ];
}
