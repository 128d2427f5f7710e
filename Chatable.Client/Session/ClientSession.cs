using System.Diagnostics.CodeAnalysis;
using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>
/// A device's side of <c>chatable.v2</c>, without sockets, clocks or files: events go in, and effects to carry out come out. It outlives
/// connections. A restarted process creates a new one from its store. Times are durations since any fixed moment. Not thread-safe.
/// <code>
///            Opened              welcome
///  Closed ───────────► Greeting ─────────► Online         Ended from anywhere; Leave asks for it
/// </code>
/// Invariants: messages are surfaced in the order of seq, each seq once; a message is in the outbox until its seq is known.
/// An application may take no messages while it waits for an acknowledgement. The acknowledgement may then come after messages for which
/// there is no room. The session is then behind: it keeps reading for acknowledgements, and leaves the log where it is. Once there is room
/// again, it reconnects to read the rest.
/// </summary>
internal sealed partial class ClientSession(SessionSettings settings, ChatStoreContent content)
{
    /// <summary>
    /// The most acknowledgements that a session takes while behind. The store remembers each until the cursor has passed it.
    /// </summary>
    private const int MostSettledAhead = 1000;

    private readonly SessionLog _log = new(content.Cursor, content.SettledAhead);
    private readonly SessionOutbox _outbox = OutboxOf(settings, content);
    private readonly Heartbeat _heartbeat = new();
    private readonly Queue<SessionEffect> _effects = new(RefusalsOf(content));

    private Phase _phase;
    private bool _isLogTooLong;
    private bool _isBehind;
    private Room _room;
    private TimeSpan _openedAt;
    private TimeSpan? _drainsAt;
    private int _maxFrameBytes;

    private enum Phase
    {
        Closed,
        Greeting,
        Online,
    }

    /// <summary>The cursor of surfaced messages. The store's cursor may be behind it.</summary>
    public ChatCursor? Cursor => _log.Cursor;

    public int Unacknowledged => _outbox.Count;

    /// <summary>Whether reading more is useful now.</summary>
    public bool MayRead(Room room) =>
        (room != Room.None && !_isBehind) || (_outbox.Count > 0 && _log.SettledAhead < MostSettledAhead);

    /// <summary>How long the server asked to wait before the next connection, on the last connection.</summary>
    public TimeSpan? AskedToWait { get; private set; }

    /// <summary>When <see cref="Tick"/> must be called if nothing else happens before.</summary>
    public TimeSpan? DueAt => _phase switch
    {
        Phase.Greeting => _openedAt + settings.WelcomeTimeout,
        Phase.Online when _drainsAt is null => SessionOutbox.Earliest(_heartbeat.DueAt, _outbox.DueAt),
        Phase.Online => SessionOutbox.Earliest(_heartbeat.DueAt, _drainsAt),
        _ => null,
    };

    public bool TryTake([NotNullWhen(true)] out SessionEffect? effect) => _effects.TryDequeue(out effect);

    /// <summary>Returns the unanswered message with this client id.</summary>
    public OutgoingMessage? Find(string clientId) => _outbox.Find(clientId);

    /// <summary>Submits a message for sending. The store must already hold it.</summary>
    public void Submit(OutgoingMessage message, TimeSpan now)
    {
        _outbox.Add(message);
        SendDue(now);
    }

    /// <summary>A connection has opened.</summary>
    public void Opened(TimeSpan now)
    {
        _phase = Phase.Greeting;
        _openedAt = now;
        _drainsAt = null;
        _isBehind = false;
        AskedToWait = null;
        var cursor = _log.Cursor;
        long? since = cursor?.Seq ?? (settings.Start == ChatStart.Now || _isLogTooLong ? null : 0);
        Do(new Transmit(ClientFrames.Hello(since, cursor?.Epoch, settings.Device)));
    }

    /// <summary>The connection has ended. Unsent frames are dropped; all other effects must still be carried out.</summary>
    public void Ended()
    {
        _phase = Phase.Closed;
        for (var left = _effects.Count; left > 0; left--)
        {
            if (_effects.Dequeue() is var effect and not (Transmit or Leave))
                _effects.Enqueue(effect);
        }
    }

    /// <summary>A frame has arrived; null if it could not be read.</summary>
    public void Received(ServerFrame? frame, TimeSpan now, Room room = Room.Plenty)
    {
        _room = room;
        if (_phase == Phase.Closed)
            return;

        _heartbeat.Heard(now);
        if (_phase == Phase.Greeting)
            Greeted(frame, now);
        else
            Handle(frame, now);
        SendDue(now);
    }

    /// <summary>Time has passed.</summary>
    public void Tick(TimeSpan now, Room room = Room.Plenty)
    {
        if (_phase == Phase.Greeting && now >= _openedAt + settings.WelcomeTimeout)
            GiveUp(LeaveReason.NoWelcome);
        if (_phase != Phase.Online)
            return;

        if (_isBehind && room == Room.Plenty)
            GiveUp(LeaveReason.Behind);
        else if (_heartbeat.IsLost(now))
            GiveUp(LeaveReason.Silence);
        else if (now >= _drainsAt)
            GiveUp(LeaveReason.Draining);
        else if (_outbox.IsOverdue(now))
            GiveUp(LeaveReason.AckTimeout);
        else
            KeepGoing(now);
    }

    private static SessionOutbox OutboxOf(SessionSettings settings, ChatStoreContent content)
    {
        var outbox = new SessionOutbox(settings);
        foreach (var message in content.Outbox.Where(message => SendRules.FaultOf(message) is null))
            outbox.Add(message);
        return outbox;
    }

    // Refuses messages from an earlier process that can never be sent.
    private static IEnumerable<Refuse> RefusalsOf(ChatStoreContent content) =>
        content.Outbox.Select(SendRules.FaultOf).OfType<ChatSendException>().Select(fault => new Refuse(fault));

    private void KeepGoing(TimeSpan now)
    {
        if (_heartbeat.MustAsk(now))
            Do(new Transmit(ClientFrames.Ping));
        SendDue(now);
    }

    // A server that is about to stop accepts no messages.
    private void SendDue(TimeSpan now)
    {
        while (_phase == Phase.Online && _drainsAt is null && _outbox.Next(now) is { } message)
        {
            var frame = ClientFrames.Send(message);
            if (frame.Length <= _maxFrameBytes)
                Do(new Transmit(frame));
            // The server would close this connection for it, and every later one.
            else if (_outbox.Remove(message.ClientId))
                Do(new Refuse(new ChatSendException(message.ClientId, "too_large", "its frame is longer than the server takes")));
        }
    }

    private void GiveUp(LeaveReason reason)
    {
        _phase = Phase.Closed;
        Do(new Leave(reason));
    }

    private void Do(SessionEffect effect) => _effects.Enqueue(effect);
}
