using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>
/// Empties its partitions together, one batch after the other: a commit costs nearly the same for one entry as for a hundred, and where
/// many people write, each partition has only a few at a time. Where a batch fails, each of its partitions goes on alone until it is
/// through: a user somebody has locked, or an entry that cannot be stored, then delays no partition but its own. A batch so large that
/// it need not be one transaction is stored in several at once: they end sooner where processors are idle, and fail each for itself.
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

    /// <remarks>What <paramref name="connect"/> gives has a connection of its own, on which this lane may wait.</remarks>
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
            _batch?.CancelAfter(_options.DrainTimeout);
            _change.TrySetResult();
        }

        await member.Left;
    }

    // Ends with its last member.
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

    // Between two batches, so none of those who leave has anything.
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

/// <summary>Those who go together, until others are to.</summary>
internal sealed record Gathering(IReadOnlyList<LaneMember> Members, Task Changed);

/// <summary>What several partitions have at their heads, to be settled together.</summary>
/// <param name="Members">Of each head whose it is.</param>
/// <param name="Heads">None is empty.</param>
internal sealed record LaneBatch(IReadOnlyList<LaneMember> Members, IReadOnlyList<PartitionHead> Heads)
{
    private int Entries => Heads.Sum(head => head.Items.Count);

    /// <summary>Tells each member that it is being deleted; its next reading takes it from there.</summary>
    public void Deleting(Task<IReadOnlyList<RedisException?>> deletion)
    {
        for (var i = 0; i < Members.Count; i++)
            Members[i].Deleting(deletion, i);
    }

    /// <summary>Parts of whole partitions and nearly the same size, as many as there can be.</summary>
    /// <param name="most">At least 1.</param>
    /// <param name="leastSize">Entries in each, on average: at least 1.</param>
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

/// <summary>A partition of a <see cref="Lane"/>: with the others, or alone after a failure, but never both.</summary>
internal sealed class LaneMember(PartitionRecovery reader) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _alone = Task.CompletedTask;
    private (Task<IReadOnlyList<RedisException?>> Task, int Place)? _deletion;

    public int Partition => reader.Partition;

    public bool IsAlone => !_alone.IsCompleted;

    public bool IsLeaving => _stop.IsCancellationRequested;

    /// <summary>Completes when nothing of the partition is in flight any more, nor will be.</summary>
    public Task Left => _left.Task;

    /// <summary>
    /// What was settled last is being deleted. Redis does this before any reading that is begun after it, so that reading need not wait;
    /// but what is read counts only once this has succeeded. To be taken before the next one.
    /// </summary>
    /// <param name="deletion">Tells for each of several partitions why it failed.</param>
    /// <param name="place">Which of them this one is.</param>
    public void Deleting(Task<IReadOnlyList<RedisException?>> deletion, int place) => _deletion = (deletion, place);

    /// <summary>Waits for the last deletion. Throws where it failed, once.</summary>
    public async Task TakeDeletionAsync()
    {
        if (_deletion is not var (task, place))
            return;

        _deletion = null;
        if ((await task)[place] is { } failure)
            throw failure;
    }

    /// <summary>Goes on by itself until it is through; then calls <paramref name="back"/>.</summary>
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
            // Whoever reads the partition next sees it, and does it again.
        }

        _left.TrySetResult();
        _stop.Dispose();
    }
}
