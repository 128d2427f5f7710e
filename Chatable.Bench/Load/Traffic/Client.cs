using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Sockets;

namespace Chatable.Bench.Load.Traffic;

/// <summary>A user's device: one link and what is said on it.</summary>
internal sealed class Client(Seat seat, Protocol protocol, ITraffic traffic) : LinkHandler
{
    private readonly byte[] _request = Upgrade.Request(seat.Path, seat.Headers + protocol.Headers);
    private Link? _link;

    public override ReadOnlySpan<byte> Request => _request;

    public Seat Seat => seat;

    public bool IsReady { get; private set; }

    /// <summary>The last seq it has, where it resumes; null to begin from now.</summary>
    public long? Since { get; init; }

    /// <summary>Of the log it follows, as the server named it.</summary>
    public string? Epoch { get; set; }

    /// <summary>What it writes.</summary>
    public Lane? Outgoing { get; set; }

    /// <summary>What it is to be written.</summary>
    public Lane? Incoming { get; set; }

    /// <summary>The seq it was given last.</summary>
    public long LastSeq { get; private set; }

    /// <summary>Places of the log that were not told right after their predecessor.</summary>
    public long Leaps { get; private set; }

    public void Connect(EventLoop loop) => _link = loop.Connect(seat.Server, this);

    public void Send(ReadOnlySpan<byte> message) => _link?.Send(message);

    public void Disconnect() => _link?.Close("the client is done");

    public override void Opened(Link link)
    {
        _link = link;
        protocol.Greet(this);
    }

    public override void Received(Link link, ReadOnlySpan<byte> message) => protocol.Read(message, this);

    public override void Closed(Link link, string reason)
    {
        (_link, IsReady) = (null, false);
        traffic.Closed(this, reason);
    }

    public void Ready()
    {
        IsReady = true;
        traffic.Ready(this);
    }

    /// <summary>Its log is told from the place after this one.</summary>
    public void Begins(long seq) => LastSeq = seq;

    public void Seen(long seq)
    {
        if (seq != LastSeq + 1)
            Leaps++;
        LastSeq = seq;
    }

    public void Delivered(int lane, long index) => traffic.Delivered(this, lane, index);

    public void Acknowledged(long index) => traffic.Acknowledged(this, index);

    public void Refused(ReadOnlySpan<byte> answer) => traffic.Refused(this, answer);
}
