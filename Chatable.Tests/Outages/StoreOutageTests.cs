using Chatable.ServiceDefaults.Outages;
using Chatable.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Outages;

/// <summary>What is logged about a store that is not available.</summary>
public sealed class StoreOutageTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly RecordedLog _log = new();

    [Fact]
    public void ItIsOneLineAtTheBeginningOneAMinuteAndOneAtTheEnd()
    {
        var outage = new StoreOutage("Redis", _log.CreateLogger("x"), _clock);
        for (var second = 0; second < 150; second++)
        {
            for (var i = 0; i < 100; i++)
                outage.Fail("no\nconnection", counts: true);
            outage.Fail("from a client", counts: false);
            outage.Remind();
            _clock.Advance(s_second);
        }

        outage.Answer();
        Assert.True(outage.IsOut);
        _clock.Advance(s_second);
        outage.Answer();
        Assert.False(outage.IsOut);
        outage.Answer();
        outage.Remind();

        Assert.Equal(
            ["Redis is not available: no connection",
             "Redis has not been available for 00:01:00; 6100 failures, the last: from a client",
             "Redis has not been available for 00:02:00; 12100 failures, the last: from a client",
             "Redis is available again after 00:02:31 and 15000 failures."],
            _log.Lines);
    }

    [Fact]
    public void WhatIsNoOutageIsLoggedAsItIs()
    {
        using var loggers = Loggers();
        var logger = loggers.CreateLogger("Chatable.Some");
        logger.LogWarning(new PostgresException("duplicate", "ERROR", "ERROR", "23505"), "a conflict");
        logger.LogWarning(new PostgresException("deadlock", "ERROR", "ERROR", "40P01"), "a deadlock");
        logger.LogWarning(new OperationCanceledException(), "waited in vain");
        logger.LogError(new InvalidOperationException("x"), "a fault");
        logger.LogInformation("all is well");
        loggers.CreateLogger("Npgsql.Command").LogWarning("something of its own");

        Assert.Equal(
            ["a conflict", "a deadlock", "waited in vain", "a fault", "all is well", "something of its own"],
            _log.Lines);
    }

    [Fact]
    public void WhatOnlySaysThatAStoreDoesNotServeGoesToItsOutage()
    {
        using var loggers = Loggers();
        var logger = loggers.CreateLogger("Chatable.Some");
        var refused = new NpgsqlException("Failed to connect", new System.Net.Sockets.SocketException(111));
        logger.LogError(new InvalidOperationException("x", refused), "one");
        logger.LogError(new PostgresException("the database system is starting up", "FATAL", "FATAL", "57P03"), "two");
        logger.LogWarning(new TimeoutException("waited in vain"), "three");
        loggers.CreateLogger("Npgsql.Connection").LogError("four");
        loggers.CreateLogger("StackExchange.Redis.ConnectionMultiplexer").LogWarning("five");
        var checks = loggers.CreateLogger("Microsoft.Extensions.Diagnostics.HealthChecks.DefaultHealthCheckService");
        checks.LogError(new OperationCanceledException(), "Health check {HealthCheckName} failed", "PostgreSql");
        checks.LogError("Health check {HealthCheckName} failed", "draining");
        var noRedis = new RedisConnectionException(
            ConnectionFailureType.UnableToConnect, CommandFlags.None, "no Redis", innerException: null, CommandStatus.Unknown);
        logger.LogWarning(noRedis, "seven");
        logger.LogCritical(noRedis, "eight");
        logger.LogDebug(noRedis, "nine");

        Assert.Equal(
            ["PostgreSQL is not available: Failed to connect: Connection refused", "five", "Health check draining failed",
             "Redis is not available: no Redis", "eight", "nine"],
            _log.Lines);
    }

    private OutageLoggers Loggers() =>
        new(new LoggerFactory([_log], new LoggerFilterOptions { MinLevel = LogLevel.Trace }), _clock);
}
