using Chatable.ApiService.Http;

namespace Chatable.ApiService.Messages;

/// <summary>Section <c>Messages</c>: how requests that send a message wait for what becomes of it.</summary>
internal sealed class MessagesOptions
{
    public const string Section = "Messages";

    /// <summary>Requests of this server that wait at the same time; one more is answered "busy".</summary>
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>Requests of one user that wait at the same time; one more is answered "busy".</summary>
    public int WaitingPerUser { get; set; } = 32;

    /// <summary>
    /// Messages a user may send by requests to this server in the long run, and <see cref="RequestBurst"/> at once after a pause, as by one
    /// socket; past it a request is answered 429. Load tests raise it.
    /// </summary>
    public int RequestsPerSecond { get; set; } = 10;

    /// <inheritdoc cref="RequestsPerSecond"/>
    public int RequestBurst { get; set; } = 30;

    /// <summary>How long a request waits at most; then the message's fate is unknown to its sender.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>When PostgreSQL is asked first, in case the worker's word was lost, and <see cref="LookEvery"/> that again.</summary>
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
