using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>
/// What is not acknowledged, in the order of sending. Messages are sent in that order, at most a window of them without an answer;
/// a retryable error lets that message go again, and holds up all later ones of its conversation that are not under way.
/// On one connection, a message never goes again before its answer: it could cross its own acknowledgement, and the server would take
/// it for the one before whatever follows. And what goes again goes when nothing before it in its conversation is unanswered, and
/// nothing after it is under way: the server takes a repeated message for the word that those refused before it were given up, also
/// those whose refusal is still on its way to here.
/// </summary>
internal sealed class SessionOutbox(SessionSettings settings)
{
    private const string OutOfOrder = "out_of_order";

    // As servers do: "bob" and "Bob" are one user, and so one conversation.
    private static readonly StringComparer s_names = StringComparer.OrdinalIgnoreCase;

    private readonly List<Entry> _entries = [];
    private readonly SendPace _pace = new(settings.SendsPerSecond, settings.SendBurst);
    private readonly ReconnectDelays _retries = new(settings.RetryDelay, settings.MaxRetryDelay, settings.Random);

    private TimeSpan _ackTimeout = settings.AckTimeout;
    private TimeSpan _pausedUntil;
    private int _serverWindow = 1;

    // Shrinks to one more than is under way at an error and grows by one with every acknowledgement: a server in trouble is not met
    // with a full window.
    private int _window = 1;

    private sealed class Entry(OutgoingMessage message)
    {
        public OutgoingMessage Message { get; } = message;

        public TimeSpan? SentAt { get; set; }

        /// <summary>Whether the server has seen it on this connection.</summary>
        public bool IsRepeat { get; set; }
    }

    public int Count => _entries.Count;

    private int InFlight => _entries.Count(entry => entry.SentAt is not null);

    public OutgoingMessage? Find(string clientId) => _entries.Find(entry => entry.Message.ClientId == clientId)?.Message;

    public void Add(OutgoingMessage message) => _entries.Add(new Entry(message));

    public bool Remove(string clientId) => _entries.RemoveAll(entry => entry.Message.ClientId == clientId) > 0;

    /// <summary>On a new connection nothing is in flight.</summary>
    public void Begin(int window, TimeSpan now)
    {
        _serverWindow = _window = window;
        _pausedUntil = now;
        _retries.Reset();
        _pace.Refill(now);
        _entries.ForEach(entry => (entry.SentAt, entry.IsRepeat) = (null, false));
    }

    /// <summary>The next message whose turn it is.</summary>
    public OutgoingMessage? Next(TimeSpan now)
    {
        if (now < _pausedUntil || InFlight >= _window || FirstReady() is not { } next || !_pace.TryTake(now))
            return null;

        next.SentAt = now;
        next.IsRepeat = true;
        return next.Message;
    }

    /// <summary>An acknowledgement, of whatever message: the server takes messages.</summary>
    public void Acknowledged()
    {
        _window = Math.Min(_window + 1, _serverWindow);
        _ackTimeout = settings.AckTimeout;
        _retries.Reset();
    }

    /// <returns>Whether it goes again.</returns>
    public bool TryAgain(ErrorFrame error, TimeSpan now)
    {
        if (_entries.Find(entry => entry.Message.ClientId == error.ClientId) is not { SentAt: not null } entry)
            return false;

        entry.SentAt = null;
        // It goes when what is missing before it is answered; other conversations have nothing to do with that.
        if (error.Code == OutOfOrder && IsBehindAnother(entry))
            return true;

        // What is lost on its way to an answer leaves room for one more: it would hold up everything until it is overdue.
        _window = InFlight + 1;
        _pausedUntil = now + (error.RetryAfter ?? _retries.Next());
        return true;
    }

    /// <summary>
    /// Whether an answer is overdue; the next may take twice as long. The message goes again on a new connection.
    /// </summary>
    public bool IsOverdue(TimeSpan now)
    {
        if (OverdueAt is not { } due || now < due)
            return false;

        _ackTimeout = TimeSpan.FromTicks(Math.Min(2 * _ackTimeout.Ticks, settings.MaxAckTimeout.Ticks));
        return true;
    }

    /// <summary>When something is to be done next, if nothing comes in.</summary>
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
