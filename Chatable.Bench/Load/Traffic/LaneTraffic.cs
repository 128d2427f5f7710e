using System.Text;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Measures;

namespace Chatable.Bench.Load.Traffic;

/// <summary>One event loop's lanes. Who decides when the next message goes is <see cref="Pace"/>.</summary>
internal sealed class LaneTraffic(EventLoop loop, bool acknowledges) : ITraffic
{
    // A server that is new to thousands of users at once would keep the last of them waiting beyond its patience.
    private const int ConnectingAtOnce = 256;

    private readonly List<Lane> _lanes = [];
    private readonly Queue<Client> _unconnected = [];
    private int _ready;

    public EventLoop Loop => loop;

    public IReadOnlyList<Lane> Lanes => _lanes;

    public Times DeliveryTimes { get; } = new();

    public Times AckTimes { get; } = new();

    /// <summary>Null while nothing is sent.</summary>
    public Pace? Pace { get; set; }

    public int Ready => Volatile.Read(ref _ready);

    public long Sent { get; private set; }

    public long Delivered { get; private set; }

    public long Acknowledged { get; private set; }

    /// <summary>Brought to somebody they were not for.</summary>
    public long Strays { get; private set; }

    public long Refusals { get; private set; }

    /// <summary>Acks of what was acknowledged before: no fault, but a sign of batches done twice.</summary>
    public long RepeatedAcks { get; private set; }

    /// <summary>The first thing that went wrong.</summary>
    public string? Trouble { get; private set; }

    public bool IsDone => Delivered == Sent && (!acknowledges || Acknowledged == Sent);

    public void Add(Lane lane)
    {
        (lane.Author.Outgoing, lane.Recipient.Incoming) = (lane, lane);
        _lanes.Add(lane);
        _unconnected.Enqueue(lane.Author);
        _unconnected.Enqueue(lane.Recipient);
    }

    /// <summary>Connects all clients, some at a time.</summary>
    public void Connect()
    {
        for (var i = 0; i < ConnectingAtOnce; i++)
            ConnectNext();
    }

    /// <summary>Messages without their answer, or that have not arrived where there are none.</summary>
    public long UnderWay(Lane lane) => lane.Sent - (acknowledges ? lane.Acknowledged : lane.Delivered).Count;

    public void Fail(string trouble) => Trouble ??= trouble;

    public void Send(Lane lane, long due)
    {
        if (lane.IsFull)
        {
            Fail($"{Lane.MaxUnderWay} messages of one pair were under way: more were not sent");
            return;
        }

        lane.Send(due);
        Sent++;
    }

    void ITraffic.Ready(Client client)
    {
        Volatile.Write(ref _ready, _ready + 1);
        ConnectNext();
    }

    void ITraffic.Delivered(Client client, int lane, long index)
    {
        if (client.Incoming is not { } expected || expected.Number != lane)
        {
            Strays++;
            return;
        }

        if (!expected.Delivered.Take(index))
            return;
        Delivered++;
        DeliveryTimes.Add(expected.DueAt(index), loop.Now);
        if (!acknowledges)
            Pace?.Completed(this, expected);
    }

    void ITraffic.Acknowledged(Client client, long index)
    {
        if (client.Outgoing is not { } lane)
        {
            Strays++;
            return;
        }

        if (!lane.Acknowledged.Take(index))
        {
            RepeatedAcks++;
            return;
        }

        Acknowledged++;
        AckTimes.Add(lane.DueAt(index), loop.Now);
        Pace?.Completed(this, lane);
    }

    void ITraffic.Refused(Client client, ReadOnlySpan<byte> answer)
    {
        Refusals++;
        Trouble ??= $"{client.Seat.User} was told {Encoding.UTF8.GetString(answer[..Math.Min(answer.Length, 200)])}";
    }

    void ITraffic.Closed(Client client, string reason) => Trouble ??= $"{client.Seat.User}: {reason}";

    private void ConnectNext()
    {
        if (_unconnected.TryDequeue(out var next))
            next.Connect(loop);
    }
}
