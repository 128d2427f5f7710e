using System.Collections.Concurrent;
using System.Net.WebSockets;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// A device with all the duties of a v2 client, as simple as possible, that records each frame. It keeps its cursor and outbox over
/// connections, reconnects to any server, and sends messages without an ack again, in order.
/// </summary>
internal sealed partial class RecordingDevice : IDevice
{
    private readonly string _name;
    private readonly ChatUser _user;
    private readonly Func<Uri> _server;
    private readonly Func<ChatUser, CancellationToken, Task<ChatToken>> _logIn;
    private readonly CancellationTokenSource _stop = new();
    private readonly Outbox _outbox;
    private readonly SendLoop _sending;
    private readonly DeviceHistory _history;
    private ChatToken _token;
    private FrameSocket? _socket;
    private Task? _running;
    private readonly ConcurrentDictionary<string, Draft> _mine = new();
    private int _drafts;
    private int _failures;
    private long _cursor;
    private string? _epoch;

    public RecordingDevice(
        string name, ChatUser user, Func<Uri> server, Func<ChatUser, CancellationToken, Task<ChatToken>> logIn, EventLog history,
        TimeSpan ackTimeout)
    {
        (_name, _user, _server, _logIn, _token) = (name, user, server, logIn, user.Token);
        Proc = $"{user.Username}/{name}";
        _history = new DeviceHistory(history, Proc, user.Username);
        _outbox = new Outbox(SendLoop.Window, ackTimeout);
        _sending = new SendLoop(_outbox, _history, Counts);
    }

    public string Proc { get; }

    public ChatUser User => _user;

    public long Cursor => Volatile.Read(ref _cursor);

    public int Unacked => _outbox.Count;

    /// <summary>The connection's number in the history; null between connections.</summary>
    public int? Connection { get; private set; }

    public ChatToken Token => _token;

    public DeviceCounts Counts { get; } = new();

    public int Resets => Counts.Resets;

    /// <summary>Raised for each first ack, with the conversation and the position.</summary>
    public event Action<long, long>? Acked;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Writes a message, which is sent when the connection and the window allow.</summary>
    public void Write(string to, string body)
    {
        var clientId = $"{_name}-{Interlocked.Increment(ref _drafts)}";
        var draft = new Draft(clientId, to, body, BodyHash.Of(body));
        _mine[clientId] = draft;
        _outbox.Add(draft);
    }

    /// <summary>A recently acked message; null if there is none.</summary>
    public Draft? TakeAcked() => _sending.TakeAcked();

    /// <inheritdoc cref="SendLoop.ForgetAcked"/>
    public void ForgetAcked() => _sending.ForgetAcked();

    /// <summary>Sends a message again that was already acked.</summary>
    public void RepeatOne() => _sending.RepeatOne();

    /// <summary>Aborts the connection; the device reconnects by itself.</summary>
    public void Drop() => _socket?.Abort();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await ConnectOnceAsync();
            await Task.Delay(Backoff(), _stop.Token);
        }
    }

    // Full jitter. The longest wait is shorter than a real client's, so that it shows how soon the servers recover.
    private TimeSpan Backoff() => TimeSpan.FromSeconds(Random.Shared.NextDouble() * Math.Min(3, 0.25 * Math.Pow(2, _failures)));

    private async Task ConnectOnceAsync()
    {
        using var socket = new FrameSocket();
        var connection = _history.NextConnection();
        try
        {
            await socket.ConnectAsync(_server(), _token, _stop.Token);
            _history.Add(connection, Known.Invoke, Op.Hello, seq: Cursor);
            await socket.SendAsync(Frame.Hello(Cursor, _epoch, _name), _stop.Token);
            (_socket, Connection) = (socket, connection);
            await ReceiveAsync(socket, connection, _stop.Token);
        }
        // A socket dropped between two frames is already disposed.
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException
            or ObjectDisposedException)
        {
            _failures++;
        }
        finally
        {
            (_socket, Connection) = (null, null);
            await EndAsync(socket, connection);
        }
    }

    private async Task ReceiveAsync(FrameSocket socket, int connection, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task? sending = null;
        try
        {
            while (await socket.ReceiveAsync(cancellationToken) is { } frame)
            {
                Take(frame, connection);
                if (frame.Type == "welcome")
                    sending = _sending.RunAsync(socket, connection, ended.Token);
            }
        }
        finally
        {
            await ended.CancelAsync();
            socket.Abort();
            if (sending is not null)
                await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task EndAsync(FrameSocket socket, int connection)
    {
        var unsure = _outbox.Rewind();
        _sending.NoticeEnd();
        Counts.Unsure += unsure.Count;
        foreach (var draft in unsure)
            _history.AddUnsure(connection, draft);
        _history.Add(connection, Known.Info, Op.Close, seq: socket.CloseCode);
        Counts.Connections++;
        if (socket.CloseCode is { } code)
            Counts.Closes.AddOrUpdate(code, 1, (_, count) => count + 1);
        if (socket.CloseCode == 4401 || socket.Refusal == 401)
            await TryLogInAsync();
    }

    private async Task TryLogInAsync()
    {
        try
        {
            _token = await _logIn(_user, _stop.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            // The next connection is refused too, and then it tries again.
        }
    }
}
