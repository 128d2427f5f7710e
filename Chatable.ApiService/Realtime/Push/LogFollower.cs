using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.TestHooks;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Reads a user's log: at most <c>limit</c> entries after a seq, in order. It fails where the database does.</summary>
internal delegate Task<IReadOnlyList<Envelope>> ReadLog(long user, long after, int limit, CancellationToken cancellationToken);

/// <summary>
/// Walks one connection along its user's log. Pushes carry it forward; where one is missing for longer than the hold time, the range
/// is read from PostgreSQL, which has it: seqs are dense, and a push comes after its commit. Nothing is handed to a writer without
/// room; that leaves a gap like any other, so a burst costs a client that reads no more than a moment.
/// </summary>
internal sealed class LogFollower(
    long user, SocketWriter writer, DeliverEntry deliver, ReadLog read, DeliveryOptions options, TimeProvider clock,
    DeliveryMetrics metrics)
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_roomPoll = TimeSpan.FromMilliseconds(20);
    private const int FruitlessReads = 4;

    private readonly Lock _gate = new();
    private readonly Resequencer _sequence = new(options.HoldLimit, writer.LogBytes, deliver, () => writer.Room > 0);
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

    /// <summary>Whether it lacks something of a log that reaches to <paramref name="head"/>. Before it is live it lacks nothing.</summary>
    public bool IsBehind(long head)
    {
        lock (_gate)
            return _sequence.IsBehind(head);
    }

    /// <summary>Goes live, with nothing known to be after <paramref name="position"/> but what was pushed.</summary>
    public void StartAfter(long position) => StartAfter(position, head: position);

    /// <summary>Goes live; what is between <paramref name="position"/> and <paramref name="head"/> is read at once.</summary>
    public void StartAfter(long position, long head)
    {
        lock (_gate)
        {
            _backlogEnd = head;
            _sequence.StartAfter(position);
            _sequence.NoticeHead(head);
            RepairSoon("backlog", isBacklog: head > position);
        }
    }

    public void Push(in Envelope entry)
    {
        lock (_gate)
        {
            if (!_sequence.Offer(entry))
                metrics.Dropped("hold");
            if (!SeededBug.Is("repair_off"))
                RepairSoon("hold");
        }
    }

    /// <summary>Says that the log reaches at least to <paramref name="head"/>; an equal or lower one is no news.</summary>
    public void NoticeHead(long head)
    {
        lock (_gate)
        {
            _sequence.NoticeHead(head);
            RepairSoon("reconcile");
        }
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
        var crowded = new Since();
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
    private void CloseAfterPatience(ref Since crowded, bool hasMoved)
    {
        if (hasMoved || !crowded.IsRunning)
            crowded.Start(clock);
        else if (crowded.Exceeds(writer.Patience, clock))
            writer.Close(CloseCode.TooSlow);
    }

    private async Task<Reading> ReadOnAsync()
    {
        long after;
        lock (_gate)
        {
            _sequence.DeliverHeld();
            if (!_sequence.HasGap)
                return Reading.Done;
            after = _sequence.Position;
        }

        // A slow reader is given as much as fits, and more when he has read that.
        var limit = Math.Min(options.PageSize, writer.Room);
        if (limit == 0)
            return Reading.NoRoom;

        try
        {
            using var timeout = new CancellationTokenSource(options.ReadTimeout, clock);
            var page = await read(user, after, limit, timeout.Token);
            var missed = page.Count(entry => entry.Seq > Volatile.Read(ref _backlogEnd));
            metrics.Repaired(missed);
            RepairTrace.Note(_cause, missed);
            return Offer(page, after);
        }
        catch (Exception)
        {
            // Whatever the database's trouble is, the gap stays and is tried again; the reader of the log has logged it.
            return Reading.Failed;
        }
    }

    private Reading Offer(IReadOnlyList<Envelope> page, long after)
    {
        lock (_gate)
        {
            foreach (var entry in page)
                _sequence.Offer(entry);
            return page.Count > 0 && _sequence.Position == after ? Reading.NoRoom : Reading.Done;
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
    }
}
