using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Sync;

/// <summary>Section <c>Sync</c>: how requests wait for a user's log to grow.</summary>
internal sealed class SyncOptions
{
    public const string Section = "Sync";

    /// <summary>The most waiting requests of one user on this server. One more causes the oldest to be answered at once.</summary>
    [Range(1, 1_000)]
    public int PollsPerUser { get; set; } = 8;

    /// <summary>The most waiting requests of all users on this server. One more is answered "busy".</summary>
    [Range(1, 1_000_000)]
    public int MaxPolls { get; set; } = 10_000;

    /// <summary>How often the log is checked without a signal, because signals can be lost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:25")]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time limit of one registration or one read.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class SyncOptionsValidator : IValidateOptions<SyncOptions>;
