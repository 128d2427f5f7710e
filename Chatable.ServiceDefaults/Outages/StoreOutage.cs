using Microsoft.Extensions.Logging;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>
/// Logs the outage of one store: a line when it begins, one per minute, and one when it ends. Otherwise each failed call would log at least
/// a line, with a stack trace.
/// </summary>
internal sealed partial class StoreOutage(string store, ILogger logger, TimeProvider clock)
{
    private const int LongestCause = 300;

    private static readonly TimeSpan s_between = TimeSpan.FromMinutes(1);

    // Longer than the failures that a recovered store still causes.
    private static readonly TimeSpan s_calm = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private long? _began;
    private long _failedAt;
    private long _toldAt;
    private long _failures;
    private string _cause = "";

    public string Store => store;

    public bool IsOut
    {
        get
        {
            lock (_gate)
                return _began is not null;
        }
    }

    /// <summary>A call failed because of the outage. <paramref name="counts"/> is true for the service's own calls.</summary>
    public void Fail(string cause, bool counts)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            _failedAt = now;
            _failures += counts ? 1 : 0;
            _cause = OneLine(cause);
            if (_began is not null)
                return;
            (_began, _toldAt) = (now, now);
            LogBegan(logger, store, _cause);
        }
    }

    /// <summary>The store still does not answer.</summary>
    public void Remind()
    {
        lock (_gate)
        {
            if (_began is not { } began || clock.GetElapsedTime(_toldAt) < s_between)
                return;
            _toldAt = clock.GetTimestamp();
            LogGoesOn(logger, store, Rounded(clock.GetElapsedTime(began)), _failures, _cause);
        }
    }

    /// <summary>The store answers. The outage ends, unless calls have still failed recently.</summary>
    public void Answer()
    {
        lock (_gate)
        {
            if (_began is not { } began || clock.GetElapsedTime(_failedAt) < s_calm)
                return;
            LogEnded(logger, store, Rounded(clock.GetElapsedTime(began)), _failures);
            (_began, _failures) = (null, 0);
        }
    }

    private static TimeSpan Rounded(TimeSpan time) => TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));

    private static string OneLine(string cause)
    {
        var line = cause.ReplaceLineEndings(" ");
        return line.Length <= LongestCause ? line : string.Concat(line.AsSpan(0, LongestCause), "…");
    }

    [LoggerMessage(LogLevel.Error, "{Store} is not available: {Cause}")]
    private static partial void LogBegan(ILogger logger, string store, string cause);

    [LoggerMessage(LogLevel.Error, "{Store} has not been available for {Time}; {Failures} failures, the last: {Cause}")]
    private static partial void LogGoesOn(ILogger logger, string store, TimeSpan time, long failures, string cause);

    [LoggerMessage(LogLevel.Information, "{Store} is available again after {Time} and {Failures} failures.")]
    private static partial void LogEnded(ILogger logger, string store, TimeSpan time, long failures);
}
