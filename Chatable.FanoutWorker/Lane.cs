using Chatable.Messaging.Intake;

namespace Chatable.FanoutWorker;

/// <summary>
/// Empties its partitions together, one batch after the other: a commit costs nearly the same for one entry as for a hundred, and where
/// many people write, each partition has only a few at a time. Where a batch fails, each of its partitions goes on alone until it is
/// through: a user somebody has locked, or an entry that cannot be stored, then delays no partition but its own.
/// </summary>
internal sealed partial class Lane(
    IntakeReader intake, BatchSettler settler, FanoutOptions options, FanoutMetrics metrics, TimeProvider time, ILogger<Lane> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, LaneMember> _members = [];
    private readonly WakeSignal _wake = new(time);
    private CancellationTokenSource? _batch;
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
            member = _members[partition];

        // A batch that begins after this is without it.
        await member.LeaveAsync();
        lock (_gate)
            _batch?.CancelAfter(options.DrainTimeout);
        _wake.Set();
        await member.Left;
    }

    // Ends with its last member.
    private async Task RunAsync()
    {
        while (await GatherAsync() is { } together)
        {
            using var batch = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            lock (_gate)
                _batch = batch;
            var busy = await RunBatchAsync(together, batch.Token);
            lock (_gate)
                _batch = null;
            if (!busy)
                await _wake.WaitAsync(options.PollInterval, CancellationToken.None);
        }
    }

    // Between two batches, so none of those who leave has anything in flight.
    private async Task<LaneMember[]?> GatherAsync()
    {
        LaneMember[] leaving;
        LaneMember[]? together;
        lock (_gate)
        {
            leaving = [.. _members.Values.Where(member => member is { IsLeaving: true, IsAlone: false })];
            foreach (var member in leaving)
                _members.Remove(member.Partition);
            _running = _members.Count > 0;
            together = _running ? [.. _members.Values.Where(member => member is { IsLeaving: false, IsAlone: false })] : null;
        }

        foreach (var member in leaving)
            await member.DisposeAsync();
        return together;
    }

    /// <returns>Whether there was anything.</returns>
    private async Task<bool> RunBatchAsync(LaneMember[] together, CancellationToken cancellationToken)
    {
        var heads = await ReadHeadsAsync(await DueOfAsync(together), cancellationToken);
        _busyPartitions = Math.Max(1, heads.Count);
        if (heads.Count == 0)
            return false;

        try
        {
            await settler.SettleAsync([.. heads.Select(one => one.Head)], cancellationToken);
            foreach (var (member, head) in heads)
                member.Deleting(settler.DeleteAsync(head, cancellationToken));
        }
        catch (Exception failure)
        {
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.BatchFailed(logger, heads.Count, FailureCode.Of(failure), failure);
            foreach (var (member, _) in heads)
                member.GoAlone(() => Wake(member));
        }

        return true;
    }

    private void Wake(LaneMember member)
    {
        member.Announce();
        _wake.Set();
    }

    // An announcement can be lost, so all of them every now and then.
    private async Task<LaneMember[]> DueOfAsync(LaneMember[] together)
    {
        if (time.GetElapsedTime(_lookedAtAll) < options.PollInterval)
            return [.. together.Where(member => member.IsDue)];
        _lookedAtAll = time.GetTimestamp();
        foreach (var member in together.Where(member => member.WakeUps is null))
            member.WakeUps = await TrySubscribeAsync(member);
        return together;
    }

    // Without it there is the poll, so a failure is worth no more than another attempt.
    private async Task<IAsyncDisposable?> TrySubscribeAsync(LaneMember member)
    {
        try
        {
            return await intake.SubscribeAsync(member.Partition, () => Wake(member), CancellationToken.None);
        }
        catch (Exception failure)
        {
            Log.NotSubscribed(logger, member.Partition, FailureCode.Of(failure));
            return null;
        }
    }

    // The batch is shared out among as many partitions as had something the last time.
    private async Task<List<(LaneMember Member, PartitionHead Head)>> ReadHeadsAsync(LaneMember[] due, CancellationToken cancellationToken)
    {
        var each = Math.Max(1, options.BatchSize / _busyPartitions);
        var reads = await Task.WhenAll(due.Select(member => TryReadAsync(member, each, cancellationToken)));
        var heads = new List<(LaneMember, PartitionHead)>();
        for (var i = 0; i < due.Length; i++)
        {
            if (reads[i].Count > 0)
                heads.Add((due[i], new PartitionHead(due[i].Partition, reads[i])));
        }

        return heads;
    }

    // One that has something stays due: what is appended behind it is not announced. It is then read right after, so that no deletion is
    // left to itself.
    private async Task<IReadOnlyList<IntakeItem>> TryReadAsync(LaneMember member, int count, CancellationToken cancellationToken)
    {
        member.Look();
        try
        {
            var reading = intake.ReadHeadAsync(member.Partition, count, cancellationToken);
            await Task.WhenAll(member.TakeDeletion(), reading);
            var items = await reading;
            if (items.Count > 0)
                member.Announce();
            return items;
        }
        catch (Exception failure)
        {
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.Unreadable(logger, member.Partition, FailureCode.Of(failure), failure);
            member.GoAlone(() => Wake(member));
            return [];
        }
    }
}
