using System.Collections.Concurrent;
using System.Net.WebSockets;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// A device with all the duties of a v2 client, as simple as it can be, that writes down each frame. It keeps its cursor and outbox
/// over connections, comes back by itself to any server, and sends what has no ack again, in order.
/// </summary>
internal sealed class RecordingDevice(
    string name, ChatUser user, Func<Uri> server, Func<ChatUser, CancellationToken, Task<ChatToken>> logIn, EventLog history,
    TimeSpan ackTimeout) : IAsyncDisposable
{
    private const double TwinChance = 0.02;
    private const int AckedKept = 50;

    // Together the 32 a server allows.
    private const int Window = 28;
    private const int RepeatWindow = 4;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly Outbox _outbox = new(Window, ackTimeout);
    private ChatToken _token = user.Token;
    private FrameSocket? _socket;
    private Task? _running;
    private readonly ConcurrentDictionary<string, Draft> _mine = new();
    private readonly ConcurrentQueue<Draft> _acked = new();
    private readonly ConcurrentQueue<Draft> _repeats = new();
    private int _drafts;
    private int _repeating;
    private int _failures;
    private long _cursor;
    private string? _epoch;

    public string Proc { get; } = $"{user.Username}/{name}";

    public ChatUser User => user;

    public long Cursor => Volatile.Read(ref _cursor);

    public int Unacked => _outbox.Count;

    /// <summary>The connection's number in the history; null between connections.</summary>
    public int? Connection { get; private set; }

    public ChatToken Token => _token;

    public DeviceCounts Counts { get; } = new();

    /// <summary>Called with each first ack: conversation and place.</summary>
    public event Action<long, long>? Acked;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Writes a message; it goes out when the connection and the window allow.</summary>
    public Draft Write(string to, string body)
    {
        var clientId = $"{name}-{Interlocked.Increment(ref _drafts)}";
        var draft = new Draft(clientId, to, body, BodyHash.Of(body));
        _mine[clientId] = draft;
        _outbox.Add(draft);
        return draft;
    }

    /// <summary>An acked message not named before; null where there is none.</summary>
    public Draft? TakeAcked() => _acked.TryDequeue(out var draft) ? draft : null;

    /// <summary>Sends a message again that has its ack.</summary>
    public void Repeat(Draft acked) => _repeats.Enqueue(acked);

    /// <summary>Ends the connection without a word; the device comes back by itself.</summary>
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

    // Full jitter. The longest wait is shorter than a person's client would use, so that it says how soon the servers recover.
    private TimeSpan Backoff() => TimeSpan.FromSeconds(Random.Shared.NextDouble() * Math.Min(3, 0.25 * Math.Pow(2, _failures)));

    private async Task ConnectOnceAsync()
    {
        using var socket = new FrameSocket();
        var connection = history.NextConnection();
        try
        {
            await socket.ConnectAsync(server(), _token, _stop.Token);
            Record(connection, Known.Invoke, Op.Hello, seq: Cursor);
            await socket.SendAsync(Frame.Hello(Cursor, _epoch, name), _stop.Token);
            (_socket, Connection) = (socket, connection);
            await ReceiveAsync(socket, connection, _stop.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
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
                    sending = SendAsync(socket, connection, ended.Token);
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

    private async Task SendAsync(FrameSocket socket, int connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var draft in _outbox.TakeDue())
            {
                await SendAsync(socket, draft, connection, cancellationToken);
                // Only where nothing before it is unanswered: to send a later message again gives the earlier ones up.
                if (_outbox.IsFirst(draft) && Random.Shared.NextDouble() < TwinChance)
                    await SendAsync(socket, draft, connection, cancellationToken);
            }

            while (_repeating < RepeatWindow && _repeats.TryDequeue(out var draft))
            {
                Interlocked.Increment(ref _repeating);
                await SendAsync(socket, draft, connection, cancellationToken);
            }
            await Task.Delay(s_tick, cancellationToken);
        }
    }

    private async Task SendAsync(FrameSocket socket, Draft draft, int connection, CancellationToken cancellationToken)
    {
        // Written down first: from here on it may exist.
        history.Add(t => new HistoryEvent(
            t, Proc, user.Username, Known.Invoke, Op.Send, connection, ClientId: draft.ClientId, From: user.Username, To: draft.To,
            Hash: draft.Hash));
        Counts.Attempts++;
        await socket.SendAsync(Frame.Send(draft), cancellationToken);
    }

    private void Take(Frame frame, int connection)
    {
        switch (frame.Type)
        {
            case "welcome":
                _failures = 0;
                _epoch = frame.Epoch;
                Record(connection, Known.Ok, Op.Welcome, seq: frame.Head);
                break;
            case "reset":
                (_epoch, _cursor) = (frame.Epoch, frame.Head!.Value);
                Record(connection, Known.Ok, Op.Reset, seq: frame.Head);
                break;
            case "caught_up":
                Record(connection, Known.Ok, Op.CaughtUp, seq: frame.Seq);
                break;
            case "message":
                Record(connection, Known.Ok, Op.Recv, frame);
                TakeMessage(frame, connection);
                break;
            case "ack":
                TakeAck(frame, connection);
                break;
            case "error" when frame.ClientId is not null:
                TakeError(frame, connection);
                break;
        }
    }

    private void TakeMessage(Frame frame, int connection)
    {
        Surface(frame.Seq!.Value, frame.Hash!, connection);

        // One's own message in the log is an ack.
        if (frame.ClientId is { } own && _outbox.Settle(own) is not null)
            Settled(frame, connection, repeat: true);
    }

    private void TakeAck(Frame frame, int connection)
    {
        if (_outbox.Settle(frame.ClientId!) is { } draft && _acked.Count < AckedKept)
            _acked.Enqueue(draft);
        Settled(frame, connection, frame.Duplicate);
        if (frame.Duplicate)
        {
            Counts.Suppressed++;
            Interlocked.Exchange(ref _repeating, Math.Max(0, _repeating - 1));
        }
        else
        {
            Surface(frame.Seq!.Value, _mine[frame.ClientId!].Hash, connection);
        }
    }

    private void Settled(Frame frame, int connection, bool repeat)
    {
        Record(connection, Known.Ok, Op.Ack, frame, repeat);
        Acked?.Invoke(frame.Conversation!.Value, frame.ConversationSeq!.Value);
    }

    private void TakeError(Frame frame, int connection)
    {
        Counts.Errors.AddOrUpdate(frame.Code!, 1, (_, count) => count + 1);
        Record(connection, frame.Retryable ? Known.Info : Known.Fail, Op.Send, frame);
        if (frame.Retryable)
            _outbox.Refuse(frame.ClientId!, TimeSpan.FromMilliseconds(frame.RetryAfterMs ?? 500));
        else
            _outbox.Settle(frame.ClientId!);
    }

    // The cursor moves with what is shown, in one step, as it would in a local database.
    private void Surface(long seq, string hash, int connection)
    {
        if (seq <= _cursor)
            return;
        Volatile.Write(ref _cursor, seq);
        history.Add(t => new HistoryEvent(t, Proc, user.Username, Known.Ok, Op.Surface, connection, Seq: seq, Hash: hash));
    }

    private async Task EndAsync(FrameSocket socket, int connection)
    {
        var unsure = _outbox.Rewind();
        Interlocked.Exchange(ref _repeating, 0);
        Counts.Unsure += unsure.Count;
        foreach (var draft in unsure)
            history.Add(t => new HistoryEvent(t, Proc, user.Username, Known.Info, Op.Send, connection, ClientId: draft.ClientId));
        Record(connection, Known.Info, Op.Close, seq: socket.CloseCode);
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
            _token = await logIn(user, _stop.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            // The next connection is refused too, and it is tried again.
        }
    }

    private void Record(int connection, Known ev, Op op, long? seq) =>
        history.Add(t => new HistoryEvent(t, Proc, user.Username, ev, op, connection, Seq: seq));

    private void Record(int connection, Known ev, Op op, Frame frame, bool repeat = false) => history.Add(t => new HistoryEvent(
        t, Proc, user.Username, ev, op, connection, frame.MessageId, frame.ClientId, frame.Seq, frame.Conversation, frame.ConversationSeq,
        frame.Author, frame.Recipient, frame.Hash, repeat, frame.Code));
}
