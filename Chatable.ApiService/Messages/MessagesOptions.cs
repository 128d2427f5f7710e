using Chatable.ApiService.Http;

namespace Chatable.ApiService.Messages;

/// <summary>Section <c>Messages</c>: how requests that send a message wait for its outcome.</summary>
internal sealed class MessagesOptions
{
    public const string Section = "Messages";

    /// <summary>The most requests of this server that wait at the same time. One more is answered "busy".</summary>
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>The most requests of one user that wait at the same time. One more is answered "busy".</summary>
    public int WaitingPerUser { get; set; } = 32;

    /// <summary>
    /// Sustained rate of messages that a user may send by requests to this server, the same as for one socket. <see cref="RequestBurst"/>
    /// may be sent at once after a pause. Beyond it, a request is answered 429. Load tests raise it.
    /// </summary>
    public int RequestsPerSecond { get; set; } = 10;

    /// <inheritdoc cref="RequestsPerSecond"/>
    public int RequestBurst { get; set; } = 30;

    /// <summary>The longest wait of a request. After it, the sender is told that the outcome is unknown.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The time until the first check in PostgreSQL, in case the worker's answer was lost. Repeats every <see cref="LookEvery"/>.
    /// </summary>
    public TimeSpan FirstLook { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="FirstLook"/>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(MaxWaiting, 1, 100_000, "Messages:MaxWaiting"),
        .. OptionRange.Of(WaitingPerUser, 1, 100_000, "Messages:WaitingPerUser"),
        .. OptionRange.Of(RequestsPerSecond, 1, 1_000_000, "Messages:RequestsPerSecond"),
        .. OptionRange.Of(RequestBurst, 1, 1_000_000, "Messages:RequestBurst"),
        .. OptionRange.Of(Deadline, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), "Messages:Deadline"),
        .. OptionRange.Of(FirstLook, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), "Messages:FirstLook"),
        .. OptionRange.Of(LookEvery, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), "Messages:LookEvery"),
    ];
}
