using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>
/// Unacknowledged messages, in send order. Messages are sent in that order, with at most a window of them unanswered. After a retryable
/// error a message is sent again, and all later messages of its conversation that are not in flight wait for it.
/// On one connection, a message is never resent before its answer. It could cross its own acknowledgement, and the server would then treat
/// it as the predecessor of the messages that follow. A message is only resent when nothing before it in its conversation is unanswered,
/// and nothing after it is in flight. The server takes a resent message to mean that the client has given up all refused messages before
/// it, including those whose refusal is still in transit.
/// </summary>
internal sealed class SessionOutbox(SessionSettings settings)
{
    private const string OutOfOrder = "out_of_order";

    // Compared like on the server: "bob" and "Bob" are one user, and so one conversation.
    private static readonly StringComparer s_names = StringComparer.OrdinalIgnoreCase;

    private readonly List<Entry> _entries = [];
    private readonly SendPace _pace = new(settings.SendsPerSecond, settings.SendBurst);
    private readonly ReconnectDelays _retries = new(settings.RetryDelay, settings.MaxRetryDelay, settings.Random);

    private TimeSpan _ackTimeout = settings.AckTimeout;
    private TimeSpan _pausedUntil;
    private int _serverWindow = 1;

    // On an error, shrinks to one more than the messages in flight. Grows by one with every acknowledgement. A server in trouble thus never
    // receives a full window at once.
    private int _window = 1;

    private sealed class Entry(OutgoingMessage message)
    {
        public OutgoingMessage Message { get; } = message;

        public TimeSpan? SentAt { get; set; }

        /// <summary>Whether it has been sent on this connection before.</summary>
        public bool IsRepeat { get; set; }
    }

    public int Count => _entries.Count;

    private int InFlight => _entries.Count(entry => entry.SentAt is not null);

    public OutgoingMessage? Find(string clientId) => _entries.Find(entry => entry.Message.ClientId == clientId)?.Message;

    public void Add(OutgoingMessage message) => _entries.Add(new Entry(message));

    public bool Remove(string clientId) => _entries.RemoveAll(entry => entry.Message.ClientId == clientId) > 0;

    /// <summary>Starts a new connection, on which nothing is in flight.</summary>
    public void Begin(int window, TimeSpan now)
    {
        _serverWindow = _window = window;
        _pausedUntil = now;
        _retries.Reset();
        _pace.Refill(now);
        _entries.ForEach(entry => (entry.SentAt, entry.IsRepeat) = (null, false));
    }

    /// <summary>Returns the next message that may be sent.</summary>
    public OutgoingMessage? Next(TimeSpan now)
    {
        if (now < _pausedUntil || InFlight >= _window || FirstReady() is not { } next || !_pace.TryTake(now))
            return null;

        next.SentAt = now;
        next.IsRepeat = true;
        return next.Message;
    }

    /// <summary>Records an acknowledgement of any message: the server accepts messages.</summary>
    public void Acknowledged()
    {
        _window = Math.Min(_window + 1, _serverWindow);
        _ackTimeout = settings.AckTimeout;
        _retries.Reset();
    }

    /// <returns>Whether the message will be sent again.</returns>
    public bool TryAgain(ErrorFrame error, TimeSpan now)
    {
        if (_entries.Find(entry => entry.Message.ClientId == error.ClientId) is not { SentAt: not null } entry)
            return false;

        entry.SentAt = null;
        // It is resent once the message missing before it is answered. Other conversations are not affected.
        if (error.Code == OutOfOrder && IsBehindAnother(entry))
            return true;

        // One more than in flight: otherwise a message whose answer was lost would block everything until it is overdue.
        _window = InFlight + 1;
        _pausedUntil = now + (error.RetryAfter ?? _retries.Next());
        return true;
    }

    /// <summary>
    /// Whether an answer is overdue. The next one may take twice as long. The message is sent again on a new connection.
    /// </summary>
    public bool IsOverdue(TimeSpan now)
    {
        if (OverdueAt is not { } due || now < due)
            return false;

        _ackTimeout = TimeSpan.FromTicks(Math.Min(2 * _ackTimeout.Ticks, settings.MaxAckTimeout.Ticks));
        return true;
    }

    /// <summary>When the next action is due, if no frame arrives.</summary>
    public TimeSpan? DueAt
    {
        get
        {
            var canSend = InFlight < _window && FirstReady() is not null;
            return Earliest(OverdueAt, canSend ? TimeSpan.FromTicks(Math.Max(_pausedUntil.Ticks, _pace.NextAt.Ticks)) : null);
        }
    }

    private TimeSpan? OverdueAt => _entries.Min(entry => entry.SentAt) + _ackTimeout;

    public static TimeSpan? Earliest(TimeSpan? one, TimeSpan? other) => one < other || other is null ? one : other;

    private bool IsBehindAnother(Entry entry) =>
        _entries.TakeWhile(other => other != entry).Any(other => s_names.Equals(other.Message.Recipient, entry.Message.Recipient));

    private Entry? FirstReady()
    {
        var waiting = new HashSet<string>(s_names);
        var unanswered = _entries.Where(entry => entry.SentAt is not null).Select(entry => entry.Message.Recipient).ToHashSet(s_names);
        foreach (var entry in _entries)
        {
            var recipient = entry.Message.Recipient;
            if (entry.SentAt is null && !waiting.Contains(recipient) && !(entry.IsRepeat && unanswered.Contains(recipient)))
                return entry;
            if (entry.SentAt is null)
                waiting.Add(recipient);
            unanswered.Add(recipient);
        }

        return null;
    }
}
