using Chatable.ApiService.Auth;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Closes sockets whose token has ended: at once when word of it comes, soon after words may have been missed, and after a while in any
/// case.
/// </summary>
internal sealed partial class TokenWatch(
    ConnectionTable connections, TokenRevocations revocations, TokenStore tokens, IOptions<RealtimeOptions> options, TimeProvider clock,
    ILogger<TokenWatch> logger) : BackgroundService
{
    private const int TokensAtOnce = 1000;

    // By then the subscription is in force again: what is announced later is heard, and what was before is found.
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

    /// <summary>One cycle.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var some in connections.All.Select(connection => connection.User.TokenId).Distinct().Chunk(TokensAtOnce))
        {
            foreach (var ended in await tokens.FindRevokedAsync(some, cancellationToken))
                CloseAllOf(ended);
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
            // Asked for already, or done.
        }
    }

    // The id alone could be another database's, where the Redis is shared by mistake; an access key is nobody else's.
    private void OnRevoked(EndedToken ended)
    {
        foreach (var connection in connections.All.Where(
            connection => connection.User.TokenId == ended.TokenId && connection.User.AccessKeyId == ended.AccessKeyId))
        {
            connection.Close(CloseCode.TokenEnded);
        }
    }

    private void CloseAllOf(long tokenId)
    {
        foreach (var connection in connections.All.Where(connection => connection.User.TokenId == tokenId))
            connection.Close(CloseCode.TokenEnded);
    }

    [LoggerMessage(LogLevel.Warning, "Open sockets' tokens could not be checked; it is tried again.")]
    private partial void LogFailed(Exception exception);
}
