using Chatable.Messaging.Intake;

namespace Chatable.FanoutWorker;

/// <summary>
/// Empties its partitions together, one batch after the other: a commit costs nearly the same for one entry as for a hundred, and where
/// many people write, each partition has only a few at a time. Where a batch fails, each of its partitions goes on alone until it is
/// through: a user somebody has locked, or an entry that cannot be stored, then delays no partition but its own.
/// </summary>
internal sealed partial class Lane(
    IntakeReader intake, BatchSettler settler, FanoutOptions options, FanoutMetrics metrics, TimeProvider time, ILogger<Lane> logger)
    : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, LaneMember> _members = [];
    private readonly WakeSignal _wake = new(time);
    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private CancellationTokenSource _abort = new(Timeout.InfiniteTimeSpan, time);
    private bool _running;
    private long _lookedAtAll = time.GetTimestamp();
    private int _busyPartitions = 1;

    public void Add(PartitionReader reader)
    {
        lock (_gate)
        {
            _members.Add(reader.Partition, new LaneMember(reader));
            _wake.Set();
            if (_running)
                return;
            _running = true;
        }

        _ = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Returns when no batch of the partition is in flight; one that is has <see cref="FanoutOptions.DrainTimeout"/>.</summary>
    public async Task RemoveAsync(int partition)
    {
        LaneMember member;
        lock (_gate)
        {
            member = _members[partition];
            _abort.CancelAfter(options.DrainTimeout);
        }

        await member.LeaveAsync();
        _wake.Set();
        await member.Left;
    }

    public void Dispose() => _abort.Dispose();

    // Ends with its last member.
    private async Task RunAsync()
    {
        while (await GatherAsync() is { } together)
        {
            try
            {
                if (await RunBatchAsync(together, _abort.Token) == 0)
                    await _wake.WaitAsync(options.PollInterval, CancellationToken.None);
                _backoff.Reset();
            }
            catch (OperationCanceledException) when (_abort.IsCancellationRequested)
            {
                // Whatever was in flight is repeated by the next reader.
            }
            catch (Exception failure)
            {
                var wait = _backoff.Next();
                metrics.BatchFailed(FailureCode.Of(failure));
                Log.IntakeUnreadable(logger, FailureCode.Of(failure), wait, failure);
                await _wake.WaitAsync(wait, CancellationToken.None);
            }
        }
    }

    // Between two batches, so none of those who leave has anything in flight.
    private async Task<LaneMember[]?> GatherAsync()
    {
        LaneMember[] leaving;
        lock (_gate)
        {
            leaving = [.. _members.Values.Where(member => member is { IsLeaving: true, IsAlone: false })];
            foreach (var member in leaving)
                _members.Remove(member.Partition);
            if (leaving.Length > 0)
            {
                _abort.Dispose();
                _abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            }

            _running = _members.Count > 0;
        }

        foreach (var member in leaving)
            await member.DisposeAsync();
        lock (_gate)
            return _running ? [.. _members.Values.Where(member => member is { IsLeaving: false, IsAlone: false })] : null;
    }

    private async Task<int> RunBatchAsync(LaneMember[] together, CancellationToken cancellationToken)
    {
        foreach (var member in together)
            member.WakeUps ??= await intake.SubscribeAsync(member.Partition, () => Wake(member), cancellationToken);

        var heads = await ReadHeadsAsync(DueOf(together), cancellationToken);
        _busyPartitions = Math.Max(1, heads.Count);
        if (heads.Count == 0)
            return 0;

        try
        {
            await settler.SettleAsync([.. heads.Select(one => one.Head)], cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.BatchFailed(logger, heads.Count, FailureCode.Of(failure), failure);
            foreach (var (member, _) in heads)
                member.GoAlone(() => Wake(member));
        }

        return heads.Count;
    }

    private void Wake(LaneMember member)
    {
        member.Announce();
        _wake.Set();
    }

    // An announcement can be lost, so all of them every now and then.
    private LaneMember[] DueOf(LaneMember[] together)
    {
        if (time.GetElapsedTime(_lookedAtAll) < options.PollInterval)
            return [.. together.Where(member => member.IsDue)];
        _lookedAtAll = time.GetTimestamp();
        return together;
    }

    // The batch is shared out among as many partitions as had something the last time. Those that have something stay due: what is
    // appended behind it is not announced.
    private async Task<List<(LaneMember Member, PartitionHead Head)>> ReadHeadsAsync(LaneMember[] due, CancellationToken cancellationToken)
    {
        var each = Math.Max(1, options.BatchSize / _busyPartitions);
        foreach (var member in due)
            member.Look();
        var reads = await Task.WhenAll(due.Select(member => intake.ReadHeadAsync(member.Partition, each, cancellationToken)));
        var heads = new List<(LaneMember, PartitionHead)>();
        for (var i = 0; i < due.Length; i++)
        {
            if (reads[i].Count == 0)
                continue;
            due[i].Announce();
            heads.Add((due[i], new PartitionHead(due[i].Partition, reads[i])));
        }

        return heads;
    }
}
