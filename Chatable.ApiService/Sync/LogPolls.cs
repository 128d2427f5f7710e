using Chatable.ApiService.Auth;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Sync;

/// <summary>The requests that wait on this server, and their limits.</summary>
internal sealed class LogPolls(LogSignals signals, IOptions<SyncOptions> options, SyncMetrics metrics) : ITokenUses
{
    private int _count;

    public IEnumerable<AuthenticatedUser> Holders => signals.All.Select(signal => signal.User);

    /// <summary>
    /// Returns a signal to wait on, to be passed to <see cref="End(LogSignal)"/>. Null if the server has too many waiting requests.
    /// </summary>
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

    /// <summary>Wakes the matching requests. Each then checks its token, too.</summary>
    public void End(Predicate<AuthenticatedUser> hasEnded)
    {
        foreach (var signal in signals.All.Where(signal => hasEnded(signal.User)))
            signal.Raise();
    }
}
