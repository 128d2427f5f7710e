using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>
/// Processes its partitions together, one batch after the other. A commit costs nearly the same for one entry as for a hundred, and with
/// many writers each partition has only a few entries at a time. If a batch fails, each of its partitions is processed alone until it
/// recovers. A locked user or an entry that cannot be stored then delays only its own partition. A batch that is large enough is stored in
/// several concurrent transactions: they finish sooner if processors are idle, and fail independently.
/// </summary>
internal sealed partial class Lane
{
    private readonly Lazy<LaneConnection> _connection;
    private readonly BatchProcessor _processor;
    private readonly LaneReader _reader;
    private readonly FanoutOptions _options;
    private readonly FanoutMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Lane> _logger;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, LaneMember> _members = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _batch;
    private bool _running;

    /// <remarks><paramref name="connect"/> returns a connection that only this lane uses, so the lane may block on it.</remarks>
    public Lane(
        Func<LaneConnection> connect, BatchProcessor processor, FanoutOptions options, FanoutMetrics metrics, TimeProvider time,
        ILogger<Lane> logger)
    {
        (_processor, _options, _metrics, _time, _logger) = (processor, options, metrics, time, logger);
        _connection = new Lazy<LaneConnection>(connect, LazyThreadSafetyMode.PublicationOnly);
        _reader = new LaneReader(_connection, GoAlone, options, metrics, time, logger);
    }

    public void Add(PartitionRecovery reader)
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

    /// <summary>
    /// Returns when no batch of the partition is in flight. A batch in flight has <see cref="FanoutOptions.DrainTimeout"/> to finish.
    /// </summary>
    public async Task RemoveAsync(int partition)
    {
        LaneMember member;
        lock (_gate)
            member = _members[partition];

        // A batch that begins after this excludes the partition.
        await member.LeaveAsync();
        lock (_gate)
        {
            _batch?.CancelAfter(_options.DrainTimeout);
            _change.TrySetResult();
        }

        await member.Left;
    }

    // Ends with the lane's last member.
    private async Task RunAsync()
    {
        while (await GatherAsync() is { } gathering)
        {
            if (gathering.Members.Count == 0)
                await gathering.Changed;
            else if (await _reader.ReadAsync(gathering) is { Members.Count: > 0 } batch)
                await RunBatchAsync(batch);
        }
    }

    // Runs between two batches, so a leaving member has no batch in flight.
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

    private async Task RunBatchAsync(LaneBatch batch)
    {
        using var abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        lock (_gate)
            _batch = abort;
        var parts = batch.Split(_options.Transactions, _options.LeastTransactionSize);
        await Task.WhenAll(parts.Select(part => ProcessAsync(part, abort.Token)));
        lock (_gate)
            _batch = null;
    }

    private async Task ProcessAsync(LaneBatch part, CancellationToken cancellationToken)
    {
        try
        {
            var committed = await _processor.CommitAsync(part.Heads, cancellationToken);
            part.Deleting(_processor.FinishAsync(committed, _connection.Value.PublishAndTrim));
        }
        catch (Exception failure)
        {
            _metrics.BatchFailed(FailureCode.Of(failure));
            Log.BatchFailed(_logger, part.Members.Count, FailureCode.Of(failure), failure);
            foreach (var member in part.Members)
                GoAlone(member);
        }
    }

    private void GoAlone(LaneMember member)
    {
        if (member.IsAlone)
            return;
        member.GoAlone(() =>
        {
            lock (_gate)
                _change.TrySetResult();
        });
    }
}

/// <summary>The members to process together, until their set changes.</summary>
internal sealed record Gathering(IReadOnlyList<LaneMember> Members, Task Changed);

/// <summary>The heads of several partitions, to be processed together.</summary>
/// <param name="Members">The member of each head.</param>
/// <param name="Heads">The heads. None is empty.</param>
internal sealed record LaneBatch(IReadOnlyList<LaneMember> Members, IReadOnlyList<PartitionHead> Heads)
{
    private int Entries => Heads.Sum(head => head.Items.Count);

    /// <summary>Tells each member that its entries are being deleted. The member's next read awaits the result.</summary>
    public void Deleting(Task<IReadOnlyList<RedisException?>> deletion)
    {
        for (var i = 0; i < Members.Count; i++)
            Members[i].Deleting(deletion, i);
    }

    /// <summary>Splits the batch by whole partitions into parts of nearly equal size, as many as possible.</summary>
    /// <param name="most">The most parts. At least 1.</param>
    /// <param name="leastSize">The least average number of entries per part. At least 1.</param>
    public IReadOnlyList<LaneBatch> Split(int most, int leastSize)
    {
        var count = Math.Min(Math.Min(most, Members.Count), Entries / leastSize);
        if (count <= 1)
            return [this];

        var parts = Enumerable.Range(0, count).Select(_ => new Part()).ToArray();
        foreach (var (member, head) in Members.Zip(Heads).OrderByDescending(one => one.Second.Items.Count))
            parts.MinBy(part => part.Entries)!.Add(member, head);
        return Array.ConvertAll(parts, part => new LaneBatch(part.Members, part.Heads));
    }

    private sealed class Part
    {
        public List<LaneMember> Members { get; } = [];

        public List<PartitionHead> Heads { get; } = [];

        public int Entries { get; private set; }

        public void Add(LaneMember member, PartitionHead head)
        {
            Members.Add(member);
            Heads.Add(head);
            Entries += head.Items.Count;
        }
    }
}

/// <summary>A partition of a <see cref="Lane"/>, processed with the others, or alone after a failure, but never both.</summary>
internal sealed class LaneMember(PartitionRecovery reader) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _alone = Task.CompletedTask;
    private (Task<IReadOnlyList<RedisException?>> Task, int Place)? _deletion;

    public int Partition => reader.Partition;

    public bool IsAlone => !_alone.IsCompleted;

    public bool IsLeaving => _stop.IsCancellationRequested;

    /// <summary>Completes when nothing of the partition is in flight, and nothing will be.</summary>
    public Task Left => _left.Task;

    /// <summary>
    /// Records that the entries of the last batch are being deleted. Redis runs the deletion before any read sent after it, so that read
    /// need not wait. But the read's result is valid only once the deletion has succeeded. Call <see cref="TakeDeletionAsync"/> before
    /// recording the next one.
    /// </summary>
    /// <param name="deletion">Returns, for each of several partitions, why it failed.</param>
    /// <param name="place">The index of this partition.</param>
    public void Deleting(Task<IReadOnlyList<RedisException?>> deletion, int place) => _deletion = (deletion, place);

    /// <summary>Waits for the last deletion. Throws its failure, once.</summary>
    public async Task TakeDeletionAsync()
    {
        if (_deletion is not var (task, place))
            return;

        _deletion = null;
        if ((await task)[place] is { } failure)
            throw failure;
    }

    /// <summary>Processes the partition alone until it recovers, then calls <paramref name="back"/>.</summary>
    public void GoAlone(Action back)
    {
        _alone = Task.Run(() => reader.GetThroughAsync(_stop.Token), CancellationToken.None);
        _ = _alone.ContinueWith(_ => back(), TaskScheduler.Default);
    }

    public Task LeaveAsync() => _stop.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        try
        {
            await TakeDeletionAsync();
        }
        catch (Exception)
        {
            // The next reader of the partition finds the entries and deletes them again.
        }

        _left.TrySetResult();
        _stop.Dispose();
    }
}
