using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// The messages of one connection that wait for the intake. One batch is on its way at a time, so their order stays; what the
/// client has sent before it left still goes out.
/// </summary>
/// <param name="limit">Past it a message is refused as busy.</param>
/// <param name="accept">Brings a batch to the intake and tells the client; false to drop everything that waits.</param>
/// <param name="inFlight">Counts what a stopping server has to wait for.</param>
internal sealed class SendQueue(int limit, Func<IReadOnlyList<PendingSend>, Task<bool>> accept, InFlight inFlight)
{
    private const int BatchLimit = 32;

    private readonly Lock _gate = new();
    private List<PendingSend>? _waiting;
    private TaskCompletionSource? _room;
    private bool _running;
    private bool _dropped;

    /// <summary>What completes when there is room again; null where there is.</summary>
    public Task? Full
    {
        get
        {
            lock (_gate)
            {
                if (_dropped || !(_waiting?.Count >= limit))
                    return null;
                return (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    public bool TryEnqueue(PendingSend send)
    {
        lock (_gate)
        {
            if (_dropped || _waiting?.Count >= limit)
                return false;
            (_waiting ??= []).Add(send);
            if (_running)
                return true;
            _running = true;
        }

        inFlight.Begin();
        _ = RunAsync();
        return true;
    }

    private async Task RunAsync()
    {
        try
        {
            while (TakeBatch() is { } batch)
            {
                if (!await accept(batch))
                    Drop();
            }
        }
        finally
        {
            inFlight.End();
        }
    }

    // All that waits, as a rule: then it is handed over as it is.
    private List<PendingSend>? TakeBatch()
    {
        lock (_gate)
        {
            var batch = _waiting;
            _waiting = null;
            _running = batch is not null;
            if (batch is { Count: > BatchLimit })
                (batch, _waiting) = (batch[..BatchLimit], batch[BatchLimit..]);
            TellOfRoom();
            return batch;
        }
    }

    private void TellOfRoom()
    {
        if (_waiting?.Count >= limit)
            return;
        _room?.TrySetResult();
        _room = null;
    }

    private void Drop()
    {
        lock (_gate)
        {
            _dropped = true;
            _waiting = null;
            TellOfRoom();
        }
    }
}
