using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Holding;

/// <summary>The second process: connects whoever it is told to and keeps them, until there is nobody to tell it more.</summary>
internal static class HoldProgram
{
    private const int AtOnce = 128;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    /// <param name="seats">A seat a line; its end is the end.</param>
    /// <param name="counts">Gets a line whenever the count is another.</param>
    /// <param name="protocol">How the clients talk.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public static async Task RunAsync(TextReader seats, TextWriter counts, Protocol protocol, CancellationToken cancellationToken)
    {
        using var loop = new EventLoop();
        var crowd = new Crowd(loop, protocol, AtOnce);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var told = TellAsync(crowd, counts, ended.Token);
        while (await seats.ReadLineAsync(cancellationToken) is { } line)
        {
            var seat = SeatLine.Read(line);
            loop.Post(() => crowd.Join(seat));
        }

        await ended.CancelAsync();
        await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task TellAsync(Crowd crowd, TextWriter counts, CancellationToken cancellationToken)
    {
        for (var last = Attendance.None; ; await Task.Delay(s_interval, cancellationToken))
        {
            var now = await crowd.Loop.AskAsync(() => Attendance.Of(crowd));
            if (now == last)
                continue;
            await counts.WriteLineAsync(now.ToString().AsMemory(), cancellationToken);
            await counts.FlushAsync(cancellationToken);
            last = now;
        }
    }
}
