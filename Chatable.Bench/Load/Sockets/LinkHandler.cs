namespace Chatable.Bench.Load.Sockets;

/// <summary>Who is at our end of a link. Called on the thread of its loop.</summary>
internal abstract class LinkHandler
{
    /// <summary>The HTTP request that opens the WebSocket.</summary>
    public abstract ReadOnlySpan<byte> Request { get; }

    /// <summary>The WebSocket is open.</summary>
    public abstract void Opened(Link link);

    /// <summary>A whole text message.</summary>
    public abstract void Received(Link link, ReadOnlySpan<byte> message);

    /// <summary>It is over, whoever ended it.</summary>
    public abstract void Closed(Link link, string reason);
}
