using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>
/// Reads a user's log: at most <c>limit</c> entries after a seq of the known epoch, in order. Throws if the database fails.
/// </summary>
internal delegate Task<LogPage> ReadLog(long user, Guid known, long after, int limit, CancellationToken cancellationToken);

/// <summary>Reports that the log continues in another epoch, and the last seq that both epochs share.</summary>
internal delegate void GoOn(LogEpoch epoch, long sharedUntil);

/// <summary>The position of a connection in its user's log.</summary>
internal readonly record struct LogPlace(LogEpoch Epoch, long Seq);

/// <summary>
/// Moves one connection along its user's log. Pushes advance it. If one is missing for longer than the hold time, the range is read from
/// PostgreSQL, which always has it: seqs are dense, and a push follows its commit. Entries are only passed to a writer with room. Without
/// room they leave a gap like any other, so a burst only briefly delays a client that keeps reading.
/// Entries of an epoch other than the connection's are never accepted: their seqs may identify other messages. After a
/// rejection, the caller requests a lookup of the current epoch, which leads to a call of <see cref="Continue"/>.
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

    // The epoch of the entries held before the connection is live.
    private int? _heldOf;
    private bool _repairing;
    private string _cause = "";
    private long _backlogEnd;

    /// <summary>The last seq that this connection has delivered.</summary>
    public long Position
    {
        get
        {
            lock (_gate)
                return _sequence.Position;
        }
    }

    /// <summary>The position of this connection. Null before it is live.</summary>
    public LogPlace? Place
    {
        get
        {
            lock (_gate)
                return _isLive ? new LogPlace(_epoch, _sequence.Position) : null;
        }
    }

    /// <summary>
    /// Whether entries are missing if the log reaches to <paramref name="head"/>. Always false before the connection is live.
    /// </summary>
    public bool IsBehind(long head)
    {
        lock (_gate)
            return _sequence.IsBehind(head);
    }

    /// <summary>Goes live. The entries between <paramref name="position"/> and <paramref name="head"/> are read at once.</summary>
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

    /// <summary>Takes a pushed entry. Returns false if it belongs to another epoch.</summary>
    /// <param name="entry">The next entry, one ahead of its turn, or one that came before.</param>
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
    /// Records that the log reaches at least to <paramref name="head"/>. An equal or lower value changes nothing. Returns false if it
    /// belongs to another epoch.
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

    /// <summary>Continues in another epoch, or closes the connection if it is beyond the last seq that both epochs share.</summary>
    /// <param name="from">The epoch that was asked about. If the connection has left it, nothing happens.</param>
    /// <param name="head">The current head of the log.</param>
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

    /// <summary>
    /// Runs an action that is valid in one epoch only. Returns false, without running it, if the connection is in another epoch.
    /// </summary>
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

    /// <summary>The log was rolled back, and no epoch was begun for it.</summary>
    public void SetBack() => writer.Close(CloseCode.Unsure);

    // Before the connection's epoch is known, the latest entries are the likeliest to belong to it.
    private void HoldOnly(int epoch)
    {
        if (_isLive || _heldOf == epoch)
            return;
        _sequence.Forget();
        _heldOf = epoch;
    }

    // Only one repair runs at a time. It continues until nothing is missing, so a new gap needs no second one.
    private void RepairSoon(string cause, bool isBacklog = false)
    {
        if (_repairing || !_sequence.HasGap || writer.Closing is not null)
            return;
        (_repairing, _cause) = (true, cause);
        // No push will bring a backlog, so it is read without delay. A separate task reads it, because nothing may be read while the lock
        // is held.
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

                // A head that the log repeatedly fails to reach means that the log was rolled back: the client must start over.
                case Reading.Done when ++fruitless >= FruitlessReads && HasGap:
                    writer.Close(CloseCode.Unsure);
                    break;
            }
        }
        while (StillBehind());
    }

    // An entry that only waits for room needs no time to arrive.
    private TimeSpan FirstWait() => _sequence.HoldsNext || writer.Room == 0 ? s_roomPoll : options.Hold;

    // The writer times the frame that it sends. This covers a queue that stays full anyway.
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

        // A slow reader gets as much as fits, and more once it has read that.
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
            // Whatever the database's problem is, the gap stays and is retried. The reader of the log has logged the failure.
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

        // The connection has moved to an epoch other than the one it read from.
        Elsewhere,
    }
}
