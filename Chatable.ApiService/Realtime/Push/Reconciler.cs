using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.TestHooks;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>
/// Compares every connection with its user's head in PostgreSQL, time and again. This alone delivers everything, whatever Redis
/// or a worker has lost; the pushes only make it quick.
/// </summary>
internal sealed partial class Reconciler(
    ConnectionTable connections, EnvelopeStore store, ServerPresence presence, IOptions<DeliveryOptions> options, TimeProvider clock,
    ILogger<Reconciler> logger) : BackgroundService
{
    private const int UsersAtOnce = 1000;

    private readonly SemaphoreSlim _now = new(0, 1);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        presence.Missed += ReconcileNow;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        presence.Missed -= ReconcileNow;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var jitter = 0.9 + Random.Shared.NextDouble() * 0.2;
            var urgent = await _now.WaitAsync(options.Value.ReconcileInterval * jitter, stoppingToken);
            try
            {
                await ReconcileAsync(urgent ? TimeSpan.Zero : options.Value.ReconcilePatience, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }
        }
    }

    /// <summary>One cycle. Connections still behind the heads after <paramref name="patience"/> are told so.</summary>
    public async Task ReconcileAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (SeededBug.Is("reconcile_off"))
            return;
        var ahead = new Dictionary<long, long>();
        foreach (var users in connections.Users.Chunk(UsersAtOnce))
        {
            foreach (var (user, head) in await store.HeadsAsync(users, cancellationToken))
            {
                if (connections.Of(user).Any(connection => connection.Log.IsBehind(head)))
                    ahead.Add(user, head);
            }
        }

        if (ahead.Count == 0)
            return;

        await Task.Delay(patience, clock, cancellationToken);
        foreach (var (user, head) in ahead)
        {
            foreach (var connection in connections.Of(user))
                connection.Log.NoticeHead(head);
        }
    }

    public override void Dispose()
    {
        _now.Dispose();
        base.Dispose();
    }

    private void ReconcileNow()
    {
        try
        {
            _now.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Asked for already, or done.
        }
    }

    [LoggerMessage(LogLevel.Warning, "Connections could not be compared with their users' heads; it is tried again.")]
    private partial void LogFailed(Exception exception);
}
