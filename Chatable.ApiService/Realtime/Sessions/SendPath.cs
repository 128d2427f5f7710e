using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging.Intake;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// One connection's path into the intake, the same for every protocol. If the outcome of a message is unknown, it closes the connection,
/// and sends no later message.
/// </summary>
internal sealed partial class SendPath
{
    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly Action<PendingSend, SendError> _refused;
    private readonly SessionServices _services;
    private readonly SendQueue _sends;

    /// <summary><paramref name="refused"/> is called for each message that certainly did not reach the intake.</summary>
    public SendPath(Sender sender, SocketWriter writer, Action<PendingSend, SendError> refused, SessionServices services)
    {
        (_sender, _writer, _refused, _services) = (sender, writer, refused, services);
        _sends = new SendQueue(services.Options.PendingSends, AcceptAsync, services.InFlight);
    }

    /// <inheritdoc cref="SendQueue.Full"/>
    public Task? Full => _sends.Full;

    /// <summary>Queues the message for the intake, and returns at once.</summary>
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
            // Does not end with the connection: messages that a client sent before it left must arrive.
            var outcomes = await _services.IntakeWriter.AcceptAsync(_sender, sends, CancellationToken.None);
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i] == AcceptOutcome.Unknown)
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
            // An unexpected failure, so the outcome is unknown. The client must not believe that the message is on its way.
            LogAcceptFailed(_services.Logger, exception, _sender.ConnectionId);
            _writer.Close(CloseCode.Unsure);
            return false;
        }
    }

    private static SendError? ErrorOf(AcceptOutcome outcome) => outcome switch
    {
        AcceptOutcome.UnknownRecipient => SendError.UnknownRecipient,
        AcceptOutcome.Busy => SendError.Busy,
        AcceptOutcome.Unavailable => SendError.Unavailable,
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "Messages of connection {ConnectionId} could not be accepted.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception exception, long connectionId);
}

/// <summary>
/// The messages of one connection that wait for the intake. Only one batch is in flight at a time, so their order is kept. Messages that
/// the client sent before it left are still appended.
/// </summary>
/// <param name="limit">Beyond it, a message is refused as busy.</param>
/// <param name="accept">Appends a batch to the intake and informs the client. Returns false to drop everything that waits.</param>
/// <param name="inFlight">Counts the connections that a stopping server has to wait for.</param>
internal sealed class SendQueue(int limit, Func<IReadOnlyList<PendingSend>, Task<bool>> accept, InFlight inFlight)
{
    private const int BatchLimit = 32;

    private readonly Lock _gate = new();
    private List<PendingSend>? _waiting;
    private TaskCompletionSource? _room;
    private bool _running;
    private bool _dropped;

    /// <summary>A task that completes when there is room again. Null if there is room.</summary>
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

    // Usually takes everything that waits, without copying.
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

/// <summary>Counts the connections with messages on their way to the intake.</summary>
internal sealed class InFlight
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private int _count;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End() => Interlocked.Decrement(ref _count);

    /// <summary>Waits until none is left. Returns false if the time limit passes first.</summary>
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
