using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Delivery;

/// <summary>A message on its way to any number of sockets, which all get the same bytes.</summary>
internal sealed class SharedMessage(MessageRecord record)
{
    private byte[]? _v1;
    private V2Frame? _authorsFrame;
    private V2Frame? _othersFrame;

    public MessageRecord Record { get; } = record;

    /// <summary>Made when first wanted; two sockets that want it at once may both make it, with the same outcome.</summary>
    public byte[] V1 => _v1 ??= V1Frames.Message(Record);

    /// <summary>Its frame at a place of one user's log, the same bytes for all devices of that user.</summary>
    public byte[] V2(long seq, bool forAuthor)
    {
        ref var last = ref forAuthor ? ref _authorsFrame : ref _othersFrame;
        if (last is not { } made || made.Seq != seq)
            last = made = new V2Frame(seq, V2Frames.Message(Record, seq, forAuthor));
        return made.Bytes;
    }

    private sealed record V2Frame(long Seq, byte[] Bytes);
}

/// <summary>A message at its place in one user's log.</summary>
internal readonly record struct LogEntry(long Seq, SharedMessage Message);
