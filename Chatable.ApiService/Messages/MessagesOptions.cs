using Chatable.ApiService.Http;

namespace Chatable.ApiService.Messages;

/// <summary>Section <c>Messages</c>: how requests that send a message wait for what becomes of it.</summary>
internal sealed class MessagesOptions
{
    public const string Section = "Messages";

    /// <summary>Requests of this server that wait at the same time; one more is answered "busy".</summary>
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>How long a request waits at most; then the message's fate is unknown to its sender.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>When PostgreSQL is asked first, in case the worker's word was lost, and <see cref="LookEvery"/> that again.</summary>
    public TimeSpan FirstLook { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="FirstLook"/>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<string> Faults() =>
    [
        .. OptionRange.Of(MaxWaiting, 1, 100_000, "Messages:MaxWaiting"),
        .. OptionRange.Of(Deadline, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), "Messages:Deadline"),
        .. OptionRange.Of(FirstLook, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), "Messages:FirstLook"),
        .. OptionRange.Of(LookEvery, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5), "Messages:LookEvery"),
    ];
}
