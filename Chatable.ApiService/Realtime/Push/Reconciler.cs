using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Users;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>
/// Periodically compares every connection with its user's head in PostgreSQL. This alone delivers everything, whatever Redis or a worker
/// has lost; pushes only make delivery fast. It also detects rolled-back logs, and decides which connections may continue.
/// </summary>
internal sealed partial class Reconciler(
    ConnectionTable connections, EnvelopeStore store, ServerPresence presence, ReconcileSignal signal, UserDirectory directory,
    TokenRevocations tokens, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<Reconciler> logger) : BackgroundService
{
    private const int UsersAtOnce = 1000;

    // Requests may arrive with every push.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private LogEpoch? _epoch;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        presence.Missed += signal.Raise;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        presence.Missed -= signal.Raise;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var jitter = 0.9 + Random.Shared.NextDouble() * 0.2;
            var urgent = await signal.WaitAsync(options.Value.ReconcileInterval * jitter, stoppingToken);
            try
            {
                await ReconcileAsync(urgent ? TimeSpan.Zero : options.Value.ReconcilePatience, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }

            await Task.Delay(s_pause, clock, stoppingToken);
        }
    }

    /// <summary>Runs one cycle. Connections still behind the heads after <paramref name="patience"/> are notified.</summary>
    public async Task ReconcileAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var behind = new List<(Connection Connection, long Head, int Epoch)>();
        var all = connections.Users.Chunk(UsersAtOnce).ToArray();
        foreach (var users in all is [] ? [[]] : all)
        {
            // Read before the heads: a position that advances in the meantime could otherwise exceed its head.
            var places = users.SelectMany(user => connections.Of(user)).Select(one => (Connection: one, one.Log.Place)).ToArray();
            var (epoch, heads) = await store.HeadsAsync(users, cancellationToken);
            ForgetOn(epoch);
            await ContinueAsync([.. places.Where(one => one.Place is { } place && place.Epoch != epoch)], epoch, cancellationToken);
            foreach (var (connection, place) in places.Where(one => one.Place?.Epoch == epoch))
            {
                var head = heads.GetValueOrDefault(connection.User.UserId);
                if (head < place!.Value.Seq)
                    End(connection, place.Value.Seq, head);
                else if (connection.Log.IsBehind(head))
                    behind.Add((connection, head, epoch.Number));
            }
        }

        if (behind.Count == 0)
            return;

        await Task.Delay(patience, clock, cancellationToken);
        foreach (var (connection, head, epoch) in behind)
            connection.Log.NoticeHead(head, epoch);
    }

    // A user who registered or logged in just before a promotion or a restore may be missing afterwards, and the id may be another user's.
    private void ForgetOn(LogEpoch epoch)
    {
        if (_epoch is { } last && last != epoch)
        {
            directory.ForgetAll();
            tokens.LookAnew();
        }

        _epoch = epoch;
    }

    // After a promotion this concerns all connections. Most of them miss nothing, and only need to learn the epoch.
    private async Task ContinueAsync((Connection Connection, LogPlace? Place)[] others, LogEpoch epoch, CancellationToken cancellationToken)
    {
        if (others.Length == 0)
            return;

        List<LogHead> heads = [];
        foreach (var some in others.Chunk(EnvelopeStore.KnownAtOnce))
        {
            heads.AddRange(await store.LogHeadsAsync(
                [.. some.Select(one => (one.Connection.User.UserId, one.Place!.Value.Epoch.Id))], cancellationToken));
        }

        foreach (var ((connection, place), head) in others.Zip(heads))
            connection.Log.Continue(place!.Value.Epoch, head);
        LogOtherEpoch(epoch.Id, others.Length, others.Zip(heads).Count(one => !(one.First.Place!.Value.Seq <= one.Second.SharedUntil)));
    }

    private void End(Connection connection, long position, long head)
    {
        LogSetBack(connection.User.UserId, head, position);
        connection.Log.SetBack();
    }

    [LoggerMessage(LogLevel.Warning, "Connections could not be compared with their users' heads. The next round tries again.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(
        LogLevel.Warning,
        "Logs continue in epoch {Epoch}. {Ended} of {Connections} connections had seqs that it does not share, and are closed.")]
    private partial void LogOtherEpoch(Guid epoch, int connections, int ended);

    [LoggerMessage(
        LogLevel.Error,
        "The log of user {UserId} ends at {Head}, but a connection was at {Position}: the log was set back. If PostgreSQL was restored, "
        + "run the worker's command new-epoch.")]
    private partial void LogSetBack(long userId, long head, long position);
}
