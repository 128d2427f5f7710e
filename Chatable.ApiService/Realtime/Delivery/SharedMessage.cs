using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Delivery;

/// <summary>A message on its way to any number of sockets, which all get the same bytes.</summary>
internal sealed class SharedMessage(MessageRecord record)
{
    private byte[]? _v1;

    public MessageRecord Record { get; } = record;

    /// <summary>Made when first wanted; two sockets that want it at once may both make it, with the same outcome.</summary>
    public byte[] V1 => _v1 ??= V1Frames.Message(Record);
}

/// <summary>A message at its place in one user's log.</summary>
internal readonly record struct LogEntry(long Seq, SharedMessage Message);
