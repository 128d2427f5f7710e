using Chatable.Client.Session;
using Chatable.Client.Wire;
using Microsoft.Extensions.Logging;

namespace Chatable.Client.Connections;

/// <summary>Runs a session over consecutive sockets: passes received frames to the session, and carries out its effects.</summary>
internal sealed partial class SessionRunner(
    ClientSession session, Mailbox mailbox, Inbox inbox, ConnectionOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    private readonly Signal _changed = new();
    private readonly long _start = clock.GetTimestamp();

    private bool _isPaused;

    /// <summary>How a connection ended.</summary>
    public readonly record struct End(int? CloseCode = null, string? CloseReason = null, LeaveReason? Left = null);

    /// <summary>Raised when a server has welcomed this device.</summary>
    public event Action? Welcomed;

    public TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>Wakes the loop: a message was submitted, or the inbox has room again.</summary>
    public void Wake() => _changed.Set();

    /// <summary>Carries out effects that need no connection: refusals of messages from an earlier process.</summary>
    public Task BeginAsync() => CarryOutAsync(socket: null, CancellationToken.None);

    /// <summary>Runs until the connection ends or <paramref name="stop"/> is cancelled.</summary>
    public async Task<End> RunAsync(ClientSocket socket, CancellationToken stop)
    {
        Task<ClientSocket.Frame>? reading = null;
        try
        {
            Tell(() => session.Opened(Now));
            while (true)
            {
                if (await CarryOutAsync(socket, stop).ConfigureAwait(false) is { } end)
                    return end;
                if (MayRead())
                    reading ??= socket.ReadAsync(CancellationToken.None);
                await WaitAsync(reading, stop).ConfigureAwait(false);
                if (stop.IsCancellationRequested)
                    return default;
                if (reading is { IsCompleted: true })
                {
                    var frame = await reading.ConfigureAwait(false);
                    reading = null;
                    if (frame.IsEnd)
                        return new End(frame.CloseCode, frame.CloseReason);
                    Tell(() => session.Received(ServerFrames.TryRead(frame.Text.Span), Now, inbox.Room));
                }

                if (MayRead() || inbox.Room == Room.Plenty)
                    Tell(() => session.Tick(Now, inbox.Room));
            }
        }
        finally
        {
            await CloseAsync(socket, reading).ConfigureAwait(false);
            Tell(session.Ended);
            await CarryOutAsync(socket: null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // While reading is paused, the server's silence means nothing. A pending read still runs to completion: cancelling it would abort the
    // socket, and no close frame could be sent.
    private bool MayRead()
    {
        bool may;
        lock (session)
            may = session.MayRead(inbox.Room);
        if (!may && !_isPaused)
        {
            ClientMetrics.InboxFull.Add(1);
            LogPaused();
        }

        _isPaused = !may;
        return may;
    }

    /// <summary>Carries out all effects, even if the socket fails: those on the store and the inbox must happen anyway.</summary>
    private async Task<End?> CarryOutAsync(ClientSocket? socket, CancellationToken stop)
    {
        End? end = null;
        while (TryTake(out var effect))
        {
            switch (effect)
            {
                case Transmit transmit when end is null
                    && !await TrySendAsync(socket!, transmit.Frame, stop).ConfigureAwait(false):
                    end = new End();
                    break;
                case Leave leave:
                    end = new End(Left: leave.Reason);
                    break;
                case Client.Session.Welcomed:
                    ClientMetrics.Connections.Add(1);
                    Welcomed?.Invoke();
                    break;
                case Resending again:
                    ClientMetrics.Resends.Add(1, new KeyValuePair<string, object?>("reason", again.Why));
                    LogResending(again.Why);
                    break;
                default:
                    await mailbox.ApplyAsync(effect).ConfigureAwait(false);
                    break;
            }
        }

        return end;
    }

    private bool TryTake(out SessionEffect effect)
    {
        lock (session)
            return session.TryTake(out effect!);
    }

    private void Tell(Action what)
    {
        lock (session)
            what();
    }

    private async Task<bool> TrySendAsync(ClientSocket socket, ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(options.SendTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        return await socket.TrySendAsync(frame, either.Token).ConfigureAwait(false);
    }

    private async Task WaitAsync(Task? reading, CancellationToken stop)
    {
        TimeSpan? due;
        lock (session)
            due = _isPaused ? null : session.DueAt - Now;
        if (due <= TimeSpan.Zero)
            return;

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var time = Task.Delay(due ?? Timeout.InfiniteTimeSpan, clock, enough.Token);
        await Task.WhenAny(reading ?? time, _changed.WaitAsync(enough.Token), time).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync(ClientSocket socket, Task? reading)
    {
        using var timeout = new CancellationTokenSource(s_goodbye, clock);
        await socket.CloseOutputAsync(timeout.Token).ConfigureAwait(false);
        if (reading is not null)
        {
            // Waits for the server's close frame, or for an earlier frame, which the server will send again.
            await reading.WaitAsync(timeout.Token).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            socket.Dispose();
            await reading.ContinueWith(static task => task.Exception, TaskScheduler.Default).ConfigureAwait(false);
        }

        socket.Dispose();
    }

    [LoggerMessage(LogLevel.Debug, "A message is sent again: {Reason}.")]
    private partial void LogResending(string reason);

    [LoggerMessage(LogLevel.Debug, "Reading pauses: the application has not taken what was received.")]
    private partial void LogPaused();
}
