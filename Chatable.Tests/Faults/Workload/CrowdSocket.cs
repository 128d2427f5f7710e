using System.Net.WebSockets;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// One socket of a crowd user. It resumes after every lost connection and checks its log as it arrives: no gaps and no repeats, over all
/// its connections.
/// </summary>
/// <param name="user">Its user.</param>
/// <param name="name">The device's name.</param>
/// <param name="home">The number of its server while there are no faults.</param>
/// <param name="crowd">Chooses its server and receives its reports.</param>
internal sealed class CrowdSocket(CrowdUser user, string name, int home, WritingCrowd crowd)
{
    private const int MaxFrameBytes = 4096;

    // "Too many connections": the two other servers may be down.
    private const int TooMany = 4409;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);

    // A server sends something every 20 s.
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(50);

    private readonly LogPosition _position = new($"{user.Name}/{name}", crowd.Report);
    private FrameSocket? _socket;
    private string? _epoch;
    private long _heard;
    private int _failures;
    private volatile bool _isReady;

    public CrowdUser User => user;

    public int Home => home;

    /// <summary>The number of its current or last server.</summary>
    public int Server { get; private set; } = -1;

    /// <summary>Whether it has received everything that existed when it connected.</summary>
    public bool IsReady => _isReady;

    /// <summary>Its position in its user's log.</summary>
    public long Cursor => _position.Seq;

    public async Task StayAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var code = await ListenOnceAsync(stop);
            var longest = Math.Min(s_longestWait.TotalSeconds, 0.5 * Math.Pow(2, _failures));
            var wait = code == TooMany ? s_longestWait.TotalSeconds : Random.Shared.NextDouble() * longest;
            await Task.Delay(TimeSpan.FromSeconds(wait), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends a message of the user, which learns the outcome.</summary>
    public async Task SendAsync(Draft draft, CancellationToken cancellationToken)
    {
        try
        {
            if (_socket is { } socket)
                await socket.SendAsync(Frame.Send(draft), cancellationToken);
        }
        catch (Exception exception) when (IsTheConnections(exception))
        {
            // The reading side notices the end.
        }
    }

    /// <summary>Aborts the connection.</summary>
    public void Drop() => _socket?.Abort();

    /// <summary>A server that is frozen or behind a dead link sends nothing; to its clients it is gone.</summary>
    public void DropIfSilent()
    {
        if (_isReady && Environment.TickCount64 - Volatile.Read(ref _heard) > s_silence.TotalMilliseconds)
            Drop();
    }

    // The close code, if any.
    private async Task<int?> ListenOnceAsync(CancellationToken stop)
    {
        using var socket = new FrameSocket(MaxFrameBytes);
        var ready = false;
        try
        {
            var server = crowd.PickServer(this);
            await socket.ConnectAsync(crowd.AddressOf(server), user.Account.Token, stop, pings: false);
            await socket.SendAsync(Frame.Hello(Cursor, _epoch, name), stop);
            (Server, _socket, _heard) = (server, socket, Environment.TickCount64);
            while (await socket.ReceiveAsync(stop) is { } frame)
            {
                Volatile.Write(ref _heard, Environment.TickCount64);
                Take(frame);
                ready |= _isReady;
            }
        }
        catch (Exception exception) when (IsTheConnections(exception))
        {
            // It reconnects.
        }
        finally
        {
            (_socket, _isReady) = (null, false);
            _failures = ready ? 0 : _failures + 1;
            user.NoticeEnd(this);
        }

        return socket.CloseCode;
    }

    private void Take(Frame frame)
    {
        switch (frame.Type)
        {
            case "welcome":
                _epoch ??= frame.Epoch;
                break;
            case "reset":
                _position.Reset(frame.Head!.Value);
                _epoch = frame.Epoch;
                break;
            case "message":
                if (frame.Author != user.Name && frame.Recipient != user.Name)
                    crowd.Report("I8", $"{user.Name} was sent a message from {frame.Author} to {frame.Recipient}");
                _position.MoveTo(frame.Seq!.Value);
                if (frame.ClientId is { } own)
                    user.Settle(own);
                break;
            case "ack":
                if (!frame.Duplicate)
                    _position.MoveTo(frame.Seq!.Value);
                user.Settle(frame.ClientId!);
                break;
            case "caught_up":
                _position.CatchUp(frame.Seq!.Value);
                _isReady = true;
                break;
            case "error" when frame.ClientId is { } refused:
                user.Refuse(refused, frame);
                break;
        }
    }

    private static bool IsTheConnections(Exception exception) => exception is WebSocketException or IOException
        or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
}
