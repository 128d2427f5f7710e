namespace Chatable.Tests.Faults.Workload;

/// <summary>Sends what is due on a device's connection, and sometimes repeats what was sent or acked.</summary>
internal sealed class SendLoop(Outbox outbox, DeviceHistory history, DeviceCounts counts)
{
    // Together the 32 that a server allows.
    public const int Window = 28;
    private const int RepeatWindow = 4;

    private const double TwinChance = 0.02;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(20);

    private readonly RecentAcks _acked = new();
    private int _repeatsWanted;
    private int _repeating;

    public void NoticeAck(Draft draft) => _acked.Add(draft);

    public void NoticeRepeatTold() => Interlocked.Exchange(ref _repeating, Math.Max(0, _repeating - 1));

    public void NoticeEnd()
    {
        _acked.Clear();
        Interlocked.Exchange(ref _repeating, 0);
    }

    /// <summary>A message acked on this connection, to be repeated over REST; null if there is none.</summary>
    public Draft? TakeAcked() => _acked.Take();

    /// <summary>Stops repeating acked messages until a repeat is requested again.</summary>
    public void ForgetAcked()
    {
        Interlocked.Exchange(ref _repeatsWanted, 0);
        _acked.Clear();
    }

    public void RepeatOne() => Interlocked.Increment(ref _repeatsWanted);

    public async Task RunAsync(FrameSocket socket, int connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var draft in outbox.TakeDue())
            {
                await SendAsync(socket, draft, connection, cancellationToken);
                // Only if nothing before it is unanswered: repeating a later message gives up the earlier ones.
                if (outbox.IsFirst(draft) && Random.Shared.NextDouble() < TwinChance)
                    await SendAsync(socket, draft, connection, cancellationToken);
            }

            while (_repeatsWanted > 0 && _repeating < RepeatWindow && _acked.Take() is { } acked)
            {
                Interlocked.Decrement(ref _repeatsWanted);
                Interlocked.Increment(ref _repeating);
                await SendAsync(socket, acked, connection, cancellationToken);
            }

            await Task.Delay(s_tick, cancellationToken);
        }
    }

    private async Task SendAsync(FrameSocket socket, Draft draft, int connection, CancellationToken cancellationToken)
    {
        history.AddAttempt(connection, draft);
        counts.Attempts++;
        await socket.SendAsync(Frame.Send(draft), cancellationToken);
    }
}
