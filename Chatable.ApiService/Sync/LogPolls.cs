using Chatable.ApiService.Auth;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Sync;

/// <summary>The requests that wait on this server, and the limits of their number.</summary>
internal sealed class LogPolls(LogSignals signals, IOptions<SyncOptions> options, SyncMetrics metrics) : ITokenUses
{
    private int _count;

    public IEnumerable<AuthenticatedUser> Holders => signals.All.Select(signal => signal.User);

    /// <summary>A signal to wait on, to be given to <see cref="End(LogSignal)"/>; null where the server has too many.</summary>
    public LogSignal? TryBegin(AuthenticatedUser user)
    {
        if (Interlocked.Increment(ref _count) > options.Value.MaxPolls)
        {
            Interlocked.Decrement(ref _count);
            metrics.CutShort("server");
            return null;
        }

        metrics.Began();
        var signal = signals.Add(user);
        var waiting = signals.Of(user.UserId).Where(one => !one.IsDismissed).ToArray();
        foreach (var oldest in waiting.SkipLast(options.Value.PollsPerUser))
        {
            metrics.CutShort("user");
            oldest.Dismiss();
        }

        return signal;
    }

    public void End(LogSignal signal)
    {
        signal.Dispose();
        Interlocked.Decrement(ref _count);
        metrics.Ended();
    }

    /// <summary>Has the requests look; each of them looks at its token, too.</summary>
    public void End(Predicate<AuthenticatedUser> hasEnded)
    {
        foreach (var signal in signals.All.Where(signal => hasEnded(signal.User)))
            signal.Raise();
    }
}
