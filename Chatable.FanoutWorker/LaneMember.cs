namespace Chatable.FanoutWorker;

/// <summary>A partition of a <see cref="Lane"/>: with the others, or alone after a failure, but never both.</summary>
internal sealed class LaneMember(PartitionReader reader) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _alone = Task.CompletedTask;
    private Task _deletion = Task.CompletedTask;
    private bool _isDue = true;

    public int Partition => reader.Partition;

    public bool IsAlone => !_alone.IsCompleted;

    public bool IsLeaving => _stop.IsCancellationRequested;

    /// <summary>Whether something may stand in it: it was announced, or something did when it was last read.</summary>
    public bool IsDue => Volatile.Read(ref _isDue);

    /// <summary>Completes when nothing of the partition is in flight any more, nor will be.</summary>
    public Task Left => _left.Task;

    /// <summary>Its subscription to the arrivals; set when it could be made.</summary>
    public IAsyncDisposable? WakeUps { get; set; }

    /// <summary>To be said before its head is read: what is announced meanwhile makes it due again.</summary>
    public void Look() => Volatile.Write(ref _isDue, false);

    public void Announce() => Volatile.Write(ref _isDue, true);

    /// <summary>
    /// What was settled last is being deleted. Redis does this before any reading that is begun after it, so that reading need not wait;
    /// but what is read counts only once this has succeeded.
    /// </summary>
    public void Deleting(Task deletion) => _deletion = deletion;

    /// <summary>To be awaited by whoever takes it.</summary>
    public Task TakeDeletion()
    {
        var deletion = _deletion;
        _deletion = Task.CompletedTask;
        return deletion;
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
        // Whoever reads the partition next sees whether it has succeeded.
        await TakeDeletion().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _left.TrySetResult();
        _stop.Dispose();
        if (WakeUps is { } wakeUps)
            await wakeUps.DisposeAsync();
    }
}
