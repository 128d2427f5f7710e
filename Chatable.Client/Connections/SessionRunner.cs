using Chatable.Client.Session;
using Chatable.Client.Wire;
using Microsoft.Extensions.Logging;

namespace Chatable.Client.Connections;

/// <summary>Runs a session over one socket after the other: what comes in goes to the session, what it wants is carried out.</summary>
internal sealed partial class SessionRunner(
    ClientSession session, Mailbox mailbox, Inbox inbox, ConnectionOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    private readonly Signal _changed = new();
    private readonly long _start = clock.GetTimestamp();

    /// <summary>How a connection ended.</summary>
    public readonly record struct End(int? CloseCode = null, LeaveReason? Left = null);

    /// <summary>A server has welcomed this device.</summary>
    public event Action? Welcomed;

    public TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>A message was given to the session, or time counts again.</summary>
    public void Wake() => _changed.Set();

    /// <summary>Until the connection ends, or <paramref name="stop"/> says so.</summary>
    public async Task<End> RunAsync(ClientSocket socket, CancellationToken stop)
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<ClientSocket.Frame>? reading = null;
        try
        {
            Tell(() => session.Opened(Now));
            while (true)
            {
                if (await CarryOutAsync(socket, stop) is { } end)
                    return end;
                reading ??= ReadAsync(socket, closing.Token);
                await WaitAsync(reading, stop);
                if (stop.IsCancellationRequested)
                    return default;
                if (reading.IsCompleted)
                {
                    var frame = await reading;
                    reading = null;
                    if (frame.IsEnd)
                        return new End(frame.CloseCode);
                    Tell(() => session.Received(ServerFrames.TryRead(frame.Text.Span), Now));
                }

                TellTheTime();
            }
        }
        finally
        {
            await closing.CancelAsync();
            await CloseAsync(socket, reading);
            Tell(session.Ended);
            await CarryOutAsync(socket: null, CancellationToken.None);
        }
    }

    // While reading pauses, the server's silence says nothing.
    private void TellTheTime()
    {
        if (inbox.HasRoom)
            Tell(() => session.Tick(Now));
    }

    /// <summary>Carries out all effects, also where the socket fails: those on the store and the inbox have happened.</summary>
    private async Task<End?> CarryOutAsync(ClientSocket? socket, CancellationToken stop)
    {
        End? end = null;
        while (TryTake(out var effect))
        {
            switch (effect)
            {
                case Transmit transmit when end is null && !await TrySendAsync(socket!, transmit.Frame, stop):
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
                    ClientMetrics.Resends.Add(again.Count, new KeyValuePair<string, object?>("reason", again.Why));
                    LogResending(again.Count, again.Why);
                    break;
                default:
                    await mailbox.ApplyAsync(effect);
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
        return await socket.TrySendAsync(frame, either.Token);
    }

    private async Task<ClientSocket.Frame> ReadAsync(ClientSocket socket, CancellationToken closing)
    {
        if (!inbox.HasRoom)
        {
            ClientMetrics.InboxFull.Add(1);
            LogPaused();
            await inbox.WaitForRoomAsync(closing);
            Wake();
        }

        // Not cancelled by the stop: that would abort the socket, and nobody could say goodbye.
        return await socket.ReadAsync(CancellationToken.None);
    }

    private async Task WaitAsync(Task reading, CancellationToken stop)
    {
        TimeSpan? due;
        lock (session)
            due = inbox.HasRoom ? session.DueAt - Now : null;
        if (due <= TimeSpan.Zero)
            return;

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var time = Task.Delay(due ?? Timeout.InfiniteTimeSpan, clock, enough.Token);
        await Task.WhenAny(reading, _changed.WaitAsync(enough.Token), time);
        await enough.CancelAsync();
    }

    private async Task CloseAsync(ClientSocket socket, Task? reading)
    {
        using var timeout = new CancellationTokenSource(s_goodbye, clock);
        await socket.CloseOutputAsync(timeout.Token);
        if (reading is not null)
        {
            // The server's goodbye, or what it had sent before: that comes again.
            await reading.WaitAsync(timeout.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            socket.Dispose();
            await reading.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        }

        socket.Dispose();
    }

    [LoggerMessage(LogLevel.Debug, "{Count} messages are sent once more: {Reason}.")]
    private partial void LogResending(int count, string reason);

    [LoggerMessage(LogLevel.Debug, "Reading pauses: the application has not taken what was received.")]
    private partial void LogPaused();
}
