using System.Diagnostics.CodeAnalysis;
using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>
/// A device's side of <c>chatable.v2</c> without sockets, clocks or files: what happens goes in, what is to be done comes out as
/// effects. It outlives connections; a process that starts again makes another from what its store holds. Times are durations since any
/// fixed moment. Calls must not overlap.
/// <code>
///            Opened              welcome
///  Closed ───────────► Greeting ─────────► Online         Ended from anywhere; Leave asks for it
/// </code>
/// Invariants: messages are surfaced in the order of seq, each place once; a message is in the outbox until its place is known.
/// Where the application takes nothing while it waits for an acknowledgement, that comes behind messages which there is no room for. The
/// session is then behind: it reads on for the sake of answers, and leaves the log where it is. With room again, it comes back for the rest.
/// </summary>
internal sealed partial class ClientSession(SessionSettings settings, ChatStoreContent content)
{
    /// <summary>Acknowledgements that a session which is behind takes; a store remembers each until the cursor has passed it.</summary>
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

    /// <summary>The cursor as far as messages were surfaced, which a store may lag behind.</summary>
    public ChatCursor? Cursor => _log.Cursor;

    public int Unacknowledged => _outbox.Count;

    /// <summary>Whether reading on is of any use now.</summary>
    public bool MayRead(Room room) =>
        (room != Room.None && !_isBehind) || (_outbox.Count > 0 && _log.SettledAhead < MostSettledAhead);

    /// <summary>How long to wait before the next connection, because the server said so; as of the last connection.</summary>
    public TimeSpan? AskedToWait { get; private set; }

    /// <summary>When <see cref="Tick"/> has something to do if nothing else happens before.</summary>
    public TimeSpan? DueAt => _phase switch
    {
        Phase.Greeting => _openedAt + settings.WelcomeTimeout,
        Phase.Online when _drainsAt is null => SessionOutbox.Earliest(_heartbeat.DueAt, _outbox.DueAt),
        Phase.Online => SessionOutbox.Earliest(_heartbeat.DueAt, _drainsAt),
        _ => null,
    };

    public bool TryTake([NotNullWhen(true)] out SessionEffect? effect) => _effects.TryDequeue(out effect);

    /// <summary>The message without an answer that has this name.</summary>
    public OutgoingMessage? Find(string clientId) => _outbox.Find(clientId);

    /// <summary>A message to send; the store must hold it already.</summary>
    public void Submit(OutgoingMessage message, TimeSpan now)
    {
        _outbox.Add(message);
        SendDue(now);
    }

    /// <summary>A connection is open.</summary>
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

    /// <summary>The connection is over. What was to be sent on it is void; all other effects must still be carried out.</summary>
    public void Ended()
    {
        _phase = Phase.Closed;
        for (var left = _effects.Count; left > 0; left--)
        {
            if (_effects.Dequeue() is var effect and not (Transmit or Leave))
                _effects.Enqueue(effect);
        }
    }

    /// <summary>A frame came; null is one that could not be read.</summary>
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

    // What an earlier process has stored and can never be sent.
    private static IEnumerable<Refuse> RefusalsOf(ChatStoreContent content) =>
        content.Outbox.Select(SendRules.FaultOf).OfType<ChatSendException>().Select(fault => new Refuse(fault));

    private void KeepGoing(TimeSpan now)
    {
        if (_heartbeat.MustAsk(now))
            Do(new Transmit(ClientFrames.Ping));
        SendDue(now);
    }

    // A server that is about to stop takes no messages.
    private void SendDue(TimeSpan now)
    {
        while (_phase == Phase.Online && _drainsAt is null && _outbox.Next(now) is { } message)
        {
            var frame = ClientFrames.Send(message);
            if (frame.Length <= _maxFrameBytes)
                Do(new Transmit(frame));
            // The server would close the connection, and the next one, and so on.
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
