using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>
/// What is not acknowledged, in the order of sending. Messages are sent in that order, at most a window of them without an answer;
/// after a retryable error the message and all later ones of its conversation go again, in order. What goes again on the same connection
/// goes alone in its conversation: the server takes a repeated message for the word that those refused before it were given up.
/// </summary>
internal sealed class SessionOutbox(SessionSettings settings)
{
    private readonly List<Entry> _entries = [];
    private readonly SendPace _pace = new(settings.SendsPerSecond, settings.SendBurst);
    private readonly ReconnectDelays _retries = new(settings.RetryDelay, settings.MaxRetryDelay, settings.Random);

    private TimeSpan _ackTimeout = settings.AckTimeout;
    private TimeSpan _pausedUntil;
    private int _serverWindow = 1;

    // Shrinks to one at an error and grows by one with every acknowledgement: a server in trouble is not met with a full window.
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

    public bool Holds(string clientId) => _entries.Exists(entry => entry.Message.ClientId == clientId);

    public void Add(OutgoingMessage message) => _entries.Add(new Entry(message));

    public bool Remove(string clientId) => _entries.RemoveAll(entry => entry.Message.ClientId == clientId) > 0;

    /// <summary>On a new connection nothing is in flight.</summary>
    public void Begin(int window, TimeSpan now)
    {
        _serverWindow = _window = window;
        _pausedUntil = now;
        _ackTimeout = settings.AckTimeout;
        _retries.Reset();
        _pace.Refill(now);
        Recall(_ => true);
        _entries.ForEach(entry => entry.IsRepeat = false);
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

    /// <returns>How many go again.</returns>
    public int TryAgain(ErrorFrame error, TimeSpan now)
    {
        var index = _entries.FindIndex(entry => entry.Message.ClientId == error.ClientId);
        // One that waits for its turn already was recalled with an earlier one; this is the answer to its first attempt.
        if (index < 0 || _entries[index].SentAt is null)
            return 0;

        _window = 1;
        _pausedUntil = now + (error.RetryAfter ?? _retries.Next());
        var recipient = _entries[index].Message.Recipient;
        return Recall(position => position >= index && _entries[position].Message.Recipient == recipient);
    }

    /// <returns>How many go again since their time is up.</returns>
    public int RecallOverdue(TimeSpan now)
    {
        if (OverdueAt is not { } due || now < due)
            return 0;

        _ackTimeout = TimeSpan.FromTicks(Math.Min(2 * _ackTimeout.Ticks, settings.MaxAckTimeout.Ticks));
        return Recall(_ => true);
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

    private Entry? FirstReady()
    {
        var waiting = new HashSet<string>();
        var unanswered = new HashSet<string>();
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

    private int Recall(Func<int, bool> which)
    {
        var recalled = 0;
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].SentAt is not null && which(i))
            {
                _entries[i].SentAt = null;
                recalled++;
            }
        }

        return recalled;
    }
}
