using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// One connection's way into the intake, the same for every protocol. Where the fate of a message is unknown it ends the connection,
/// and nothing later goes ahead.
/// </summary>
internal sealed partial class SendPath
{
    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly Action<PendingSend, SendError> _refused;
    private readonly SessionServices _services;
    private readonly SendQueue _sends;

    /// <summary><paramref name="refused"/> is told of each message that surely did not reach the intake.</summary>
    public SendPath(Sender sender, SocketWriter writer, Action<PendingSend, SendError> refused, SessionServices services)
    {
        (_sender, _writer, _refused, _services) = (sender, writer, refused, services);
        _sends = new SendQueue(services.Options.PendingSends, AcceptAsync, services.InFlight);
    }

    /// <inheritdoc cref="SendQueue.Full"/>
    public Task? Full => _sends.Full;

    /// <summary>Sends it on its way and returns at once.</summary>
    public void Send(PendingSend send)
    {
        if (_services.Draining.IsDraining)
            _refused(send, SendError.Unavailable);
        else if (!_sends.TryEnqueue(send))
            _refused(send, SendError.Busy);
    }

    private async Task<bool> AcceptAsync(IReadOnlyList<PendingSend> sends)
    {
        try
        {
            // Not ended with the connection: what a client sent before it left is to arrive.
            var outcomes = await _services.IntakeWriter.AcceptAsync(_sender, sends, CancellationToken.None);
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i] == SendOutcome.Unknown)
                {
                    _writer.Close(CloseCode.Unsure);
                    return false;
                }

                if (ErrorOf(outcomes[i]) is { } error)
                    _refused(sends[i], error);
            }

            return true;
        }
        catch (Exception exception)
        {
            // Unforeseen, so its fate is unknown; the connection must not look as if the message were on its way.
            LogAcceptFailed(_services.Logger, exception, _sender.ConnectionId);
            _writer.Close(CloseCode.Unsure);
            return false;
        }
    }

    private static SendError? ErrorOf(SendOutcome outcome) => outcome switch
    {
        SendOutcome.UnknownRecipient => SendError.UnknownRecipient,
        SendOutcome.Busy => SendError.Busy,
        SendOutcome.Unavailable => SendError.Unavailable,
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "Messages of connection {ConnectionId} could not be accepted.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception exception, long connectionId);
}

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

/// <summary>How many connections have messages on their way to the intake.</summary>
internal sealed class InFlight
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private int _count;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End() => Interlocked.Decrement(ref _count);

    /// <summary>Waits until none is left or the time is over; false in the latter case.</summary>
    public async Task<bool> WaitForNoneAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (Volatile.Read(ref _count) > 0)
        {
            if (clock.GetElapsedTime(began) > limit)
                return false;
            await Task.Delay(s_poll, clock, cancellationToken);
        }

        return true;
    }
}
