using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>
/// Reads a user's log: at most <c>limit</c> entries after a seq of the epoch that is known, in order. It fails where the database does.
/// </summary>
internal delegate Task<LogPage> ReadLog(long user, Guid known, long after, int limit, CancellationToken cancellationToken);

/// <summary>Is told that the log goes on in another epoch, and up to where that is the same as the one before.</summary>
internal delegate void GoOn(LogEpoch epoch, long sharedUntil);

/// <summary>Where a connection is in its user's log.</summary>
internal readonly record struct LogPlace(LogEpoch Epoch, long Seq);

/// <summary>
/// Walks one connection along its user's log. Pushes carry it forward; where one is missing for longer than the hold time, the range
/// is read from PostgreSQL, which has it: seqs are dense, and a push comes after its commit. Nothing is handed to a writer without
/// room; that leaves a gap like any other, so a burst costs a client that reads no more than a moment.
/// What is of another epoch than the connection is not taken from anywhere: its seqs may name other messages. Whoever offers it has the
/// epoch looked up, and <see cref="Continue"/> called.
/// </summary>
internal sealed class LogCursor(
    long user, SocketWriter writer, DeliverEntry deliver, GoOn goOn, ReadLog read, DeliveryOptions options, TimeProvider clock,
    DeliveryMetrics metrics)
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_roomPoll = TimeSpan.FromMilliseconds(20);
    private const int FruitlessReads = 4;

    private readonly Lock _gate = new();
    private readonly Resequencer _sequence = new(options.HoldLimit, writer.LogBytes, deliver, () => writer.Room > 0);
    private LogEpoch _epoch;
    private bool _isLive;

    // Of what is held before that.
    private int? _heldOf;
    private bool _repairing;
    private string _cause = "";
    private long _backlogEnd;

    /// <summary>The seq this connection is at.</summary>
    public long Position
    {
        get
        {
            lock (_gate)
                return _sequence.Position;
        }
    }

    /// <summary>Where this connection is; null before it is live.</summary>
    public LogPlace? Place
    {
        get
        {
            lock (_gate)
                return _isLive ? new LogPlace(_epoch, _sequence.Position) : null;
        }
    }

    /// <summary>Whether it lacks something of a log that reaches to <paramref name="head"/>. Before it is live it lacks nothing.</summary>
    public bool IsBehind(long head)
    {
        lock (_gate)
            return _sequence.IsBehind(head);
    }

    /// <summary>Goes live; what is between <paramref name="position"/> and <paramref name="head"/> is read at once.</summary>
    public void StartAfter(long position, in LogHead head)
    {
        lock (_gate)
        {
            (_epoch, _isLive, _backlogEnd) = (head.LogEpoch, true, head.Seq);
            if (_heldOf != _epoch.Number)
                _sequence.Forget();
            _sequence.StartAfter(position);
            _sequence.NoticeHead(head.Seq);
            RepairSoon("backlog", isBacklog: head.Seq > position);
        }
    }

    /// <summary>False where it is of another epoch.</summary>
    /// <param name="entry">The next, or one ahead of its turn, or one that came before.</param>
    /// <param name="epoch">The number of its epoch.</param>
    public bool Push(in Envelope entry, int epoch)
    {
        lock (_gate)
        {
            if (_isLive && epoch != _epoch.Number)
                return false;
            HoldOnly(epoch);
            if (!_sequence.Offer(entry))
                metrics.Dropped("hold");
            RepairSoon("hold");
            return true;
        }
    }

    /// <summary>
    /// Says that the log reaches at least to <paramref name="head"/>; an equal or lower one is no news. False where it is of another epoch.
    /// </summary>
    public bool NoticeHead(long head, int epoch)
    {
        lock (_gate)
        {
            if (_isLive && epoch != _epoch.Number)
                return false;
            HoldOnly(epoch);
            _sequence.NoticeHead(head);
            RepairSoon("reconcile");
            return true;
        }
    }

    /// <summary>Goes on in another epoch, or ends where it is beyond what that shares with the one before.</summary>
    /// <param name="from">The epoch that was asked about; where the connection is not in it any more, nothing happens.</param>
    /// <param name="head">Of the log as it is now.</param>
    public void Continue(LogEpoch from, in LogHead head)
    {
        lock (_gate)
        {
            if (!_isLive || _epoch != from)
                return;
            if (!(_sequence.Position <= head.SharedUntil))
            {
                writer.Close(CloseCode.Unsure);
                return;
            }

            _epoch = head.LogEpoch;
            _sequence.Forget();
            goOn(_epoch, head.SharedUntil.Value);
            _sequence.NoticeHead(head.Seq);
            RepairSoon("reconcile");
        }
    }

    /// <summary>Does what is true of one epoch only; false, and nothing done, where the connection is in another.</summary>
    public bool While(int epoch, Action act)
    {
        lock (_gate)
        {
            if (!_isLive || _epoch.Number != epoch)
                return false;
            act();
            return true;
        }
    }

    /// <summary>The log was set back, and nobody has begun an epoch for it.</summary>
    public void SetBack() => writer.Close(CloseCode.Unsure);

    // Before the epoch is known, what comes last is likelier to be of it.
    private void HoldOnly(int epoch)
    {
        if (_isLive || _heldOf == epoch)
            return;
        _sequence.Forget();
        _heldOf = epoch;
    }

    // One repair at a time; it goes on until nothing is missing, so a gap that opens meanwhile needs no second one.
    private void RepairSoon(string cause, bool isBacklog = false)
    {
        if (_repairing || !_sequence.HasGap || writer.Closing is not null)
            return;
        (_repairing, _cause) = (true, cause);
        // No push will bring a backlog. Read elsewhere, since nothing may be read while our lock is held.
        _ = isBacklog ? Task.Run(() => RepairAsync(TimeSpan.Zero)) : RepairAsync(FirstWait());
    }

    private async Task RepairAsync(TimeSpan wait)
    {
        var fruitless = 0;
        var crowded = new ElapsedTimer();
        do
        {
            var before = Position;
            await Task.Delay(wait, clock, CancellationToken.None);
            switch (await ReadOnAsync())
            {
                case Reading.NoRoom:
                    wait = s_roomPoll;
                    CloseAfterPatience(ref crowded, hasMoved: Position > before);
                    break;
                case Reading.Failed:
                    wait = Longer(wait);
                    break;
                case Reading.Elsewhere:
                case Reading.Done when Position > before:
                    (wait, fruitless) = (TimeSpan.Zero, 0);
                    crowded.Stop();
                    break;

                // A head that the log itself does not reach again and again means that the log was set back: start over.
                case Reading.Done when ++fruitless >= FruitlessReads && HasGap:
                    writer.Close(CloseCode.Unsure);
                    break;
            }
        }
        while (StillBehind());
    }

    // What only waits for room need not be given time to come.
    private TimeSpan FirstWait() => _sequence.HoldsNext || writer.Room == 0 ? s_roomPoll : options.Hold;

    // The writer times the frame it sends; this is for a queue that stays full all the same.
    private void CloseAfterPatience(ref ElapsedTimer crowded, bool hasMoved)
    {
        if (hasMoved || !crowded.IsRunning)
            crowded.Start(clock);
        else if (crowded.Exceeds(writer.Patience, clock))
            writer.Close(CloseCode.TooSlow);
    }

    private async Task<Reading> ReadOnAsync()
    {
        LogPlace at;
        lock (_gate)
        {
            _sequence.DeliverHeld();
            if (!_sequence.HasGap)
                return Reading.Done;
            at = new LogPlace(_epoch, _sequence.Position);
        }

        // A slow reader is given as much as fits, and more when he has read that.
        var limit = Math.Min(options.PageSize, writer.Room);
        if (limit == 0)
            return Reading.NoRoom;

        try
        {
            using var timeout = new CancellationTokenSource(options.ReadTimeout, clock);
            var (head, page) = await read(user, at.Epoch.Id, at.Seq, limit, timeout.Token);
            if (head.LogEpoch != at.Epoch)
            {
                Continue(at.Epoch, head);
                return Reading.Elsewhere;
            }

            if (head.Seq < at.Seq)
                SetBack();
            var missed = page.Count(entry => entry.Seq > Volatile.Read(ref _backlogEnd));
            metrics.Repaired(missed, _cause);
            return Offer(page, at);
        }
        catch (Exception)
        {
            // Whatever the database's trouble is, the gap stays and is tried again; the reader of the log has logged it.
            return Reading.Failed;
        }
    }

    private Reading Offer(IReadOnlyList<Envelope> page, LogPlace at)
    {
        lock (_gate)
        {
            if (_epoch != at.Epoch)
                return Reading.Elsewhere;
            foreach (var entry in page)
                _sequence.Offer(entry);
            return page.Count > 0 && _sequence.Position == at.Seq ? Reading.NoRoom : Reading.Done;
        }
    }

    private bool HasGap
    {
        get
        {
            lock (_gate)
                return _sequence.HasGap;
        }
    }

    private bool StillBehind()
    {
        lock (_gate)
            return _repairing = _sequence.HasGap && writer.Closing is null;
    }

    private TimeSpan Longer(TimeSpan wait) =>
        wait < options.Hold ? options.Hold : wait * 2 < s_longestWait ? wait * 2 : s_longestWait;

    private enum Reading
    {
        Done,
        NoRoom,
        Failed,

        // The connection goes on in another epoch than that of the place it read from.
        Elsewhere,
    }
}
