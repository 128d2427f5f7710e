namespace Chatable.ApiService.Realtime.Push;

/// <summary>Requests a comparison of all connections with PostgreSQL ahead of schedule.</summary>
internal sealed class ReconcileSignal : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0, 1);

    public void Raise()
    {
        try
        {
            if (_raised.CurrentCount == 0)
                _raised.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Already requested, or disposed.
        }
    }

    /// <summary>Returns false if nothing was requested within the time.</summary>
    public Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _raised.WaitAsync(limit, cancellationToken);

    public void Dispose() => _raised.Dispose();
}
