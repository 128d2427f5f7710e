using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>
/// Empties its partitions together, one batch after the other: a commit costs nearly the same for one entry as for a hundred, and where
/// many people write, each partition has only a few at a time. Where a batch fails, each of its partitions goes on alone until it is
/// through: a user somebody has locked, or an entry that cannot be stored, then delays no partition but its own.
/// </summary>
/// <remarks>The reader <paramref name="connect"/> gives has a connection nobody else uses: it waits there for what comes.</remarks>
internal sealed partial class Lane(
    Func<IntakeReader> connect, BatchSettler settler, FanoutOptions options, FanoutMetrics metrics, TimeProvider time, ILogger<Lane> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, LaneMember> _members = [];
    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private readonly Lazy<IntakeReader> _intake = new(connect, LazyThreadSafetyMode.PublicationOnly);
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _batch;
    private bool _running;

    // Of the loop alone. A reading that waits cannot be called back, and another would wait behind it.
    private Task<IReadOnlyList<PartitionHead>>? _reading;
    private int _busyPartitions;

    // Those who go together, until others are to.
    private readonly record struct Gathering(LaneMember[] Members, Task Changed);

    public void Add(PartitionReader reader)
    {
        lock (_gate)
        {
            _members.Add(reader.Partition, new LaneMember(reader));
            _change.TrySetResult();
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
        {
            _batch?.CancelAfter(options.DrainTimeout);
            _change.TrySetResult();
        }

        await member.Left;
    }

    // Ends with its last member.
    private async Task RunAsync()
    {
        while (await GatherAsync() is { } gathering)
        {
            if (gathering.Members.Length == 0)
                await gathering.Changed;
            else
                await RunBatchAsync(await ReadHeadsAsync(gathering));
        }
    }

    // Between two batches, so none of those who leave has anything in flight.
    private async Task<Gathering?> GatherAsync()
    {
        LaneMember[] leaving;
        Gathering? together;
        lock (_gate)
        {
            if (_change.Task.IsCompleted)
                _change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            leaving = [.. _members.Values.Where(member => member is { IsLeaving: true, IsAlone: false })];
            foreach (var member in leaving)
                _members.Remove(member.Partition);
            _running = _members.Count > 0;
            together = _running
                ? new Gathering([.. _members.Values.Where(member => member is { IsLeaving: false, IsAlone: false })], _change.Task)
                : null;
        }

        foreach (var member in leaving)
            await member.DisposeAsync();
        return together;
    }

    private async Task RunBatchAsync(List<(LaneMember Member, PartitionHead Head)> batch)
    {
        _busyPartitions = batch.Count;
        if (batch.Count == 0)
            return;

        using var abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        lock (_gate)
            _batch = abort;
        try
        {
            PartitionHead[] heads = [.. batch.Select(one => one.Head)];
            await settler.SettleAsync(heads, abort.Token);
            var deletion = _intake.Value.SettleAsync(heads, abort.Token);
            for (var i = 0; i < heads.Length; i++)
                batch[i].Member.Deleting(deletion, i);
        }
        catch (Exception failure)
        {
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.BatchFailed(logger, batch.Count, FailureCode.Of(failure), failure);
            foreach (var (member, _) in batch)
                GoAlone(member);
        }

        lock (_gate)
            _batch = null;
    }

    private void GoAlone(LaneMember member) => member.GoAlone(() =>
    {
        lock (_gate)
            _change.TrySetResult();
    });

    // What was settled last is deleted by then.
    private async Task<List<(LaneMember Member, PartitionHead Head)>> ReadHeadsAsync(Gathering gathering)
    {
        var each = BatchShare.OfEach(options.BatchSize, gathering.Members.Length, _busyPartitions);
        var heads = await TryReadTogetherAsync(gathering, each) ?? await ReadEachAsync(gathering, each);
        heads = BatchShare.Limit(heads, options.BatchSize);
        var usable = new List<(LaneMember, PartitionHead)>(heads.Count);
        var byPartition = heads.ToDictionary(head => head.Partition);
        foreach (var member in gathering.Members)
        {
            if (await HasDeletedAsync(member) && byPartition.TryGetValue(member.Partition, out var head))
                usable.Add((member, head));
        }

        return usable;
    }

    // Null where at least one cannot be read; nothing, after a while, where the connection cannot. The partitions are not left to
    // themselves then: they have another connection, and would be back at once, again and again.
    private async Task<IReadOnlyList<PartitionHead>?> TryReadTogetherAsync(Gathering gathering, int count)
    {
        try
        {
            _reading ??= _intake.Value.ReadHeadsAsync(
                Array.ConvertAll(gathering.Members, member => member.Partition), count, options.PollInterval, CancellationToken.None);
            if (await Task.WhenAny(_reading, gathering.Changed) != _reading)
                return [];
            var read = await _reading;
            _reading = null;
            _backoff.Reset();
            return read;
        }
        catch (RedisServerException failure)
        {
            _reading = null;
            Log.NotReadTogether(logger, FailureCode.Of(failure), failure);
            return null;
        }
        catch (Exception failure)
        {
            _reading = null;
            var wait = _backoff.Next();
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.NotConnected(logger, FailureCode.Of(failure), wait, failure);
            await Task.WhenAny(Task.Delay(wait, time), gathering.Changed);
            return [];
        }
    }

    private async Task<IReadOnlyList<PartitionHead>> ReadEachAsync(Gathering gathering, int count)
    {
        var heads = await Task.WhenAll(gathering.Members.Select(async member =>
        {
            try
            {
                return new PartitionHead(
                    member.Partition, await _intake.Value.ReadHeadAsync(member.Partition, count, CancellationToken.None));
            }
            catch (Exception failure)
            {
                LeaveToItself(member, failure);
                return new PartitionHead(member.Partition, []);
            }
        }));
        PartitionHead[] found = [.. heads.Where(head => head.Items.Count > 0)];
        if (found.Length == 0)
            await Task.WhenAny(Task.Delay(options.PollInterval, time), gathering.Changed);
        return found;
    }

    private async Task<bool> HasDeletedAsync(LaneMember member)
    {
        try
        {
            await member.TakeDeletionAsync();
            return true;
        }
        catch (Exception failure)
        {
            LeaveToItself(member, failure);
            return false;
        }
    }

    private void LeaveToItself(LaneMember member, Exception failure)
    {
        metrics.BatchFailed(FailureCode.Of(failure));
        Log.Unreadable(logger, member.Partition, FailureCode.Of(failure), failure);
        if (!member.IsAlone)
            GoAlone(member);
    }
}
