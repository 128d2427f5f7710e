using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>A partition of a <see cref="Lane"/>: with the others, or alone after a failure, but never both.</summary>
internal sealed class LaneMember(PartitionReader reader) : IAsyncDisposable
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
