using Chatable.ApiService.Http;

namespace Chatable.ApiService.Sync;

/// <summary>Section <c>Sync</c>: how requests wait for a user's log to grow.</summary>
internal sealed class SyncOptions
{
    public const string Section = "Sync";

    /// <summary>The most waiting requests of one user on this server. One more causes the oldest to be answered at once.</summary>
    public int PollsPerUser { get; set; } = 8;

    /// <summary>The most waiting requests of all users on this server. One more is answered "busy".</summary>
    public int MaxPolls { get; set; } = 10_000;

    /// <summary>How often the log is checked without a signal, because signals can be lost.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time limit of one registration or one read.</summary>
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(PollsPerUser, 1, 1_000, "Sync:PollsPerUser"),
        .. OptionRange.Of(MaxPolls, 1, 1_000_000, "Sync:MaxPolls"),
        .. OptionRange.Of(LookEvery, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(25), "Sync:LookEvery"),
        .. OptionRange.Of(StepTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), "Sync:StepTimeout"),
    ];
}
