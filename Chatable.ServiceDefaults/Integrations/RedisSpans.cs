using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis.Profiling;

namespace Chatable.ServiceDefaults.Integrations;

/// <summary>
/// Turns the client's profile of each command into a span below the activity that sent it. The profile is complete only after the reply
/// has come, so that spans are written by <see cref="RedisSpanWriter"/> each second, with the times the profile gives.
/// A command sent outside of any recorded activity costs one look at <see cref="Activity.Current"/>.
/// </summary>
internal sealed class RedisSpans : IDisposable
{
    public const string SourceName = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    /// <summary>The most commands profiled between two writes; the rest run unprofiled and are counted.</summary>
    public const int MaxCommands = 8_192;

    // Longer than a command can take to complete or time out, so that no reply comes to a session that is gone.
    private static readonly TimeSpan s_sessionIdle = TimeSpan.FromSeconds(15);

    private static readonly KeyValuePair<string, object?>[] s_tags = [new("db.system", "redis"), new("db.system.name", "redis")];

    private readonly ActivitySource _source = new(SourceName);
    private readonly Meter _meter = new("Chatable.Redis");
    private readonly ConcurrentDictionary<Activity, Session> _sessions = new(ReferenceEqualityComparer.Instance);
    private readonly Counter<long> _dropped;
    private readonly TimeProvider _time;
    private int _commands;

    public RedisSpans(TimeProvider time)
    {
        _time = time;
        _dropped = _meter.CreateCounter<long>(
            "chatable.redis.spans.dropped", "{span}", "Redis commands without a span, since too many came within a second.");
    }

    /// <summary>Called by the client for every command.</summary>
    public ProfilingSession? SessionOfCurrentActivity()
    {
        if (Activity.Current is not { IsAllDataRequested: true } activity || !_source.HasListeners())
            return null;
        if (Interlocked.Increment(ref _commands) > MaxCommands)
        {
            _dropped.Add(1);
            return null;
        }
        var session = _sessions.GetOrAdd(activity, static parent => new Session(new ProfilingSession(parent)));
        session.LastUse = _time.GetTimestamp();
        return session.Profile;
    }

    /// <summary>Writes a span for each command completed since the last time, and lets go of sessions long unused.</summary>
    public void Write()
    {
        Interlocked.Exchange(ref _commands, 0);
        foreach (var (activity, session) in _sessions)
        {
            var idle = _time.GetElapsedTime(session.LastUse) > s_sessionIdle;
            foreach (var command in session.Profile.FinishProfiling())
                Write(activity.Context, command);
            if (idle)
                _sessions.TryRemove(activity, out _);
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private void Write(ActivityContext parent, IProfiledCommand command)
    {
        using var span = _source.StartActivity(command.Command, ActivityKind.Client, parent, s_tags, startTime: command.CommandCreated);
        if (span is null)
            return;
        span.SetTag("db.operation.name", command.Command);
        span.SetTag("db.redis.database_index", command.Db);
        if (command.EndPoint is IPEndPoint or DnsEndPoint)
        {
            var (host, port) = command.EndPoint is IPEndPoint ip ? (ip.Address.ToString(), ip.Port) : Split((DnsEndPoint)command.EndPoint);
            span.SetTag("server.address", host);
            span.SetTag("server.port", port);
        }
        span.SetEndTime(command.CommandCreated + command.ElapsedTime);
    }

    private static (string Host, int Port) Split(DnsEndPoint name) => (name.Host, name.Port);

    private sealed class Session(ProfilingSession profile)
    {
        private long _lastUse;

        public ProfilingSession Profile { get; } = profile;

        public long LastUse
        {
            get => Volatile.Read(ref _lastUse);
            set => Volatile.Write(ref _lastUse, value);
        }
    }
}

internal sealed class RedisSpanWriter(RedisSpans spans, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                spans.Write();
        }
        catch (OperationCanceledException)
        {
            // The last second's spans are written by StopAsync.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        spans.Write();
    }
}
