using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Messages;

/// <summary>Section <c>Messages</c>: how requests that send a message wait for its outcome.</summary>
internal sealed class MessagesOptions
{
    public const string Section = "Messages";

    /// <summary>The most requests of this server that wait at the same time. One more is answered "busy".</summary>
    [Range(1, 100_000)]
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>The most requests of one user that wait at the same time. One more is answered "busy".</summary>
    [Range(1, 100_000)]
    public int WaitingPerUser { get; set; } = 32;

    /// <summary>
    /// Sustained rate of messages that a user may send by requests to this server, the same as for one socket. <see cref="RequestBurst"/>
    /// may be sent at once after a pause. Beyond it, a request is answered 429. Load tests raise it.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 10;

    /// <inheritdoc cref="RequestsPerSecond"/>
    [Range(1, 1_000_000)]
    public int RequestBurst { get; set; } = 30;

    /// <summary>The longest wait of a request. After it, the sender is told that the outcome is unknown.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The time until the first check in PostgreSQL, in case the worker's answer was lost. Repeats every <see cref="LookEvery"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan FirstLook { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="FirstLook"/>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);
}

[OptionsValidator]
internal sealed partial class MessagesOptionsValidator : IValidateOptions<MessagesOptions>;
