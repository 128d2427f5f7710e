namespace Chatable.FanoutWorker;

/// <summary>Lets one loop sleep until it is woken or a while has passed. Waking it before it sleeps counts; twice counts once.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private volatile TaskCompletionSource _woken = New();

    public void Set() => _woken.TrySetResult();

    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_woken.Task, Task.Delay(atMost, time, ended.Token));
        await ended.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (_woken.Task.IsCompleted)
            _woken = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
