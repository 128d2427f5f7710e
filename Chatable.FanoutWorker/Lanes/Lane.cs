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
    private readonly BatchSettler _settler;
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
        Func<LaneConnection> connect, BatchSettler settler, FanoutOptions options, FanoutMetrics metrics, TimeProvider time,
        ILogger<Lane> logger)
    {
        (_settler, _options, _metrics, _time, _logger) = (settler, options, metrics, time, logger);
        _connection = new Lazy<LaneConnection>(connect, LazyThreadSafetyMode.PublicationOnly);
        _reader = new LaneReader(_connection, GoAlone, options, metrics, time, logger);
    }

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
        await Task.WhenAll(parts.Select(part => SettleAsync(part, abort.Token)));
        lock (_gate)
            _batch = null;
    }

    private async Task SettleAsync(LaneBatch part, CancellationToken cancellationToken)
    {
        try
        {
            var committed = await _settler.CommitAsync(part.Heads, cancellationToken);
            part.Deleting(_settler.FinishAsync(committed, _connection.Value.Settlement));
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
