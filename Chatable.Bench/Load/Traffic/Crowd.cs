using System.Text;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Measures;

namespace Chatable.Bench.Load.Traffic;

/// <summary>Clients that connect and listen. On one loop; whoever asks from elsewhere asks by <see cref="EventLoop.AskAsync"/>.</summary>
/// <param name="loop">The thread.</param>
/// <param name="protocol">How they talk.</param>
/// <param name="atOnce">How many may be on their way to being connected at a time.</param>
internal sealed class Crowd(EventLoop loop, Protocol protocol, int atOnce) : ITraffic
{
    private readonly Queue<Client> _waiting = [];
    private readonly Dictionary<Client, long> _begun = [];

    public EventLoop Loop => loop;

    /// <summary>Ready and connected still.</summary>
    public HashSet<Client> Present { get; } = [];

    /// <summary>From the beginning of the connection until the client was ready.</summary>
    public Times Times { get; } = new();

    public long Messages { get; private set; }

    public long Lost { get; private set; }

    public string? Trouble { get; private set; }

    /// <summary>One more, as soon as there is room.</summary>
    public void Join(Seat seat) => Join(new Client(seat, protocol, this));

    /// <summary>A client of another crowd comes back here, with so many places of its log to be told again.</summary>
    public void Resume(Client gone, long places) => Join(
        new Client(gone.Seat, protocol, this) { Since = Math.Max(0, gone.LastSeq - places), Epoch = gone.Epoch });

    /// <summary>All leave without a word.</summary>
    public IReadOnlyList<Client> Leave()
    {
        Client[] all = [.. Present];
        Present.Clear();
        foreach (var client in all)
            client.Disconnect();
        return all;
    }

    public long Leaps => Present.Sum(client => client.Leaps);

    void ITraffic.Ready(Client client)
    {
        if (!_begun.Remove(client, out var begun))
            return;
        Times.Add(begun, loop.Now);
        Present.Add(client);
        ConnectNext();
    }

    void ITraffic.Delivered(Client client, int lane, long index) => Messages++;

    void ITraffic.Acknowledged(Client client, long index) => Messages++;

    void ITraffic.Refused(Client client, ReadOnlySpan<byte> answer) =>
        Trouble ??= $"{client.Seat.User} was told {Encoding.UTF8.GetString(answer[..Math.Min(answer.Length, 200)])}";

    void ITraffic.Closed(Client client, string reason)
    {
        if (!Present.Remove(client) && !_begun.Remove(client))
            return;
        Lost++;
        Trouble ??= $"{client.Seat.User}: {reason}";
        ConnectNext();
    }

    private void Join(Client client)
    {
        _waiting.Enqueue(client);
        ConnectNext();
    }

    private void ConnectNext()
    {
        while (_begun.Count < atOnce && _waiting.TryDequeue(out var client))
        {
            _begun[client] = loop.Now;
            client.Connect(loop);
        }
    }
}
