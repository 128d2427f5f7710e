using Microsoft.Extensions.Logging;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>
/// What the log says of one store that does not serve: a line when that begins, one a minute, and one when it is over. Without this each
/// failed call would be a line or more, with a stack.
/// </summary>
internal sealed partial class StoreOutage(string store, ILogger logger, TimeProvider clock)
{
    private const int LongestCause = 300;

    private static readonly TimeSpan s_between = TimeSpan.FromMinutes(1);

    // Longer than failures that a store which serves again still causes.
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

    /// <summary>A call failed because of it; <paramref name="counts"/> where the call was one of the service's own.</summary>
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

    /// <summary>It still does not answer.</summary>
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

    /// <summary>It answers; it is over unless calls went on failing all the same.</summary>
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
