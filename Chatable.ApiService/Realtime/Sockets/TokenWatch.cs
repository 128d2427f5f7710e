using Chatable.ApiService.Auth;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Ends the sockets and waiting requests of a token that has ended: at once when the announcement arrives, soon after announcements may
/// have been missed, and periodically in any case.
/// </summary>
internal sealed partial class TokenWatch(
    IEnumerable<ITokenUses> uses, TokenRevocations revocations, TokenStore tokens, AccessKeys keys, IOptions<RealtimeOptions> options,
    TimeProvider clock, ILogger<TokenWatch> logger) : BackgroundService
{
    private const int TokensAtOnce = 1000;

    // By then the subscription is active again. Later announcements are received, and earlier ends are found by the check.
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _missed = new(0, 1);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked += OnRevoked;
        revocations.Missed += OnMissed;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked -= OnRevoked;
        revocations.Missed -= OnMissed;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (await _missed.WaitAsync(options.Value.TokenCheckInterval, stoppingToken))
                await Task.Delay(s_settling, clock, stoppingToken);
            try
            {
                await CheckAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }
        }
    }

    /// <summary>Runs one cycle.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var some in uses.SelectMany(all => all.Holders).DistinctBy(user => user.TokenId).Chunk(TokensAtOnce))
        {
            var ended = (await tokens.FindRevokedAsync([.. some.Select(user => user.TokenId)], cancellationToken)).ToHashSet();
            foreach (var user in some.Where(user => ended.Contains(user.TokenId)))
                keys.Forget(user.AccessKeyId);
            if (ended.Count > 0)
                End(holder => ended.Contains(holder.TokenId));
        }
    }

    public override void Dispose()
    {
        _missed.Dispose();
        base.Dispose();
    }

    private void OnMissed()
    {
        try
        {
            _missed.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Already requested, or disposed.
        }
    }

    // The token id alone could belong to another database, if deployments share a Redis by mistake. The access key is unique.
    private void OnRevoked(EndedToken ended) =>
        End(holder => holder.TokenId == ended.TokenId && holder.AccessKeyId == ended.AccessKeyId);

    private void End(Predicate<AuthenticatedUser> hasEnded)
    {
        foreach (var all in uses)
            all.End(hasEnded);
    }

    [LoggerMessage(LogLevel.Warning, "The tokens of open sockets and waiting requests could not be checked. The next round tries again.")]
    private partial void LogFailed(Exception exception);
}
