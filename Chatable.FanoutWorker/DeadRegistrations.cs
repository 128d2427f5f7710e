using System.Collections.Concurrent;
using System.Threading.Channels;
using Chatable.Messaging.Registry;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>
/// Removes registrations with dead servers from the registry, outside the lanes: a server that dies with 20,000 sockets leaves as many, and
/// no batch waits for them. Each registration is in the queue at most once, however many batches find it. One that finds the queue full, or
/// cannot be removed, is counted and left: the user's next message finds it again.
/// </summary>
internal sealed partial class DeadRegistrations(ServerRegistry registry, FanoutMetrics metrics, ILogger<DeadRegistrations> logger)
    : BackgroundService
{
    internal const int Limit = 10_000;

    // The number of registrations per call. A few commands remove that many, and between them Redis serves the lanes.
    private const int AtOnce = 500;

    private readonly ConcurrentDictionary<Registration, byte> _underWay = new();
    private readonly Channel<Registration> _waiting = Channel.CreateBounded<Registration>(Limit);

    /// <summary>Never waits.</summary>
    public void Add(IReadOnlyList<Registration> dead)
    {
        var full = 0;
        for (var i = 0; i < dead.Count; i++)
        {
            if (!_underWay.TryAdd(dead[i], 0) || _waiting.Writer.TryWrite(dead[i]))
                continue;
            _underWay.TryRemove(dead[i], out _);
            full++;
        }

        metrics.Forgotten("full", full);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var some = new List<Registration>(AtOnce);
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            some.Clear();
            while (some.Count < AtOnce && _waiting.Reader.TryRead(out var one))
                some.Add(one);
            await ForgetAsync(some, stoppingToken);
        }
    }

    private async Task ForgetAsync(List<Registration> some, CancellationToken cancellationToken)
    {
        try
        {
            await registry.ForgetAsync(some, cancellationToken);
            metrics.Forgotten("forgotten", some.Count);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            metrics.Forgotten("failed", some.Count);
            LogNotForgotten(some.Count, failure);
        }
        finally
        {
            foreach (var one in some)
                _underWay.TryRemove(one, out _);
        }
    }

    [LoggerMessage(
        LogLevel.Debug, "{Registrations} registrations with dead servers could not be removed. The next messages find them again.")]
    private partial void LogNotForgotten(int registrations, Exception failure);
}
