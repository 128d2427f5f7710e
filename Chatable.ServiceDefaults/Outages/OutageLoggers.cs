using Microsoft.Extensions.Logging;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>
/// The loggers of a service. A warning or error that only says that a store is unavailable goes to its <see cref="StoreOutage"/> instead.
/// Code that logs failures need not know about this.
/// </summary>
internal sealed class OutageLoggers(LoggerFactory loggers, TimeProvider clock) : ILoggerFactory
{
    // Logs each failed check, every time.
    private const string HealthCheckCategory = "Microsoft.Extensions.Diagnostics.HealthChecks";

    /// <summary>The outages of all stores.</summary>
    public IReadOnlyList<StoreOutage> Outages { get; } =
    [
        new(StoreFailure.PostgreSql, loggers.CreateLogger<StoreOutage>(), clock),
        new(StoreFailure.Redis, loggers.CreateLogger<StoreOutage>(), clock),
    ];

    public ILogger CreateLogger(string categoryName) => new OutageLogger(loggers.CreateLogger(categoryName), categoryName, this);

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose() => loggers.Dispose();

    private sealed class OutageLogger(ILogger logger, string category, OutageLoggers all) : ILogger
    {
        private readonly string? _client = StoreFailure.StoreOfClient(category);
        private readonly bool _checks = category.StartsWith(HealthCheckCategory, StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is LogLevel.Warning or LogLevel.Error && IsEnabled(logLevel) && OutageOf(state, exception) is { } outage)
            {
                outage.Fail(
                    exception is null or OperationCanceledException ? formatter(state, null) : MessageOf(exception),
                    counts: _client is null && !_checks);
            }
            else
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        // A wait that failed, or a client library's message without an exception, is attributed to a current outage.
        private StoreOutage? OutageOf<TState>(TState state, Exception? exception) =>
            (StoreFailure.StoreOf(exception) ?? (_checks ? StoreOfCheck(state, exception) : null)) is { } store
                ? all.Outages.First(outage => outage.Store == store)
                : StoreFailure.IsWait(exception) ? all.Outages.FirstOrDefault(outage => outage.IsOut)
                : exception is null && _client is not null ? all.Outages.FirstOrDefault(outage => outage.IsOut && outage.Store == _client)
                : null;

        // Without an exception, one of our own checks has found a different problem.
        private static string? StoreOfCheck<TState>(TState state, Exception? exception) =>
            state is IEnumerable<KeyValuePair<string, object?>> values
            && values.FirstOrDefault(value => value.Key == "HealthCheckName").Value is string check
                ? exception is null ? StoreFailure.StoreOfCheck(check) : StoreFailure.StoreOfFailedCheck(check)
                : null;

        // Starts at the innermost exception of the store itself. The outer ones only say that an operation of ours failed.
        private static string MessageOf(Exception exception)
        {
            var failure = exception;
            while (failure.InnerException is { } inner && StoreFailure.StoreOf(inner) is not null)
                failure = inner;
            return failure.InnerException is { } cause ? $"{failure.Message}: {cause.Message}" : failure.Message;
        }
    }
}
