namespace Chatable.Client.Connections;

/// <summary>The refresh callback of the application failed.</summary>
internal sealed class RefreshCallbackException(Exception inner) : Exception("The new token could not be stored.", inner);

/// <summary>Gets a new token, once for each one that a server has accepted: a second refusal in a row is final.</summary>
internal sealed class TokenRefresh(ChatAccounts accounts, ChatCredentials credentials, TimeProvider clock)
{
    /// <summary>A refresh token ends with its token: what has ended cannot be exchanged, so that it is done this long before.</summary>
    private static readonly TimeSpan s_before = TimeSpan.FromDays(7);

    private static readonly TimeSpan s_retry = TimeSpan.FromHours(1);

    private DateTimeOffset _dueAt = credentials.Token.ExpiresAt - s_before;
    private bool _isFresh;

    /// <summary>How long a connection may last before the token should be exchanged.</summary>
    public TimeSpan ConnectionLimit => (_dueAt - clock.GetUtcNow()) switch
    {
        var left when left <= TimeSpan.Zero => s_retry,
        // A timer's longest time is 49 days.
        var left => left < TimeSpan.FromDays(30) ? left : TimeSpan.FromDays(30),
    };

    /// <summary>Exchanges a token whose end is near. Where that fails, the old one serves as long as it lives.</summary>
    public async Task RefreshIfDueAsync(CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() >= _dueAt && await TryRefreshAsync(cancellationToken) is true)
            _dueAt = DateTimeOffset.MaxValue;
    }

    public void Accepted() => _isFresh = false;

    /// <returns>Null where there is a new token; otherwise whether that is final (or the server only could not be asked now).</returns>
    public async Task<bool?> TryRefreshAsync(CancellationToken cancellationToken)
    {
        if (_isFresh)
            return true;

        ChatToken token;
        try
        {
            token = await accounts.RefreshAsync(credentials.Token, cancellationToken);
        }
        catch (ChatApiException exception)
        {
            return exception.Status is 400 or 401;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        _isFresh = true;
        // Of tokens that live shorter than that, half their life.
        var left = token.ExpiresAt - clock.GetUtcNow();
        _dueAt = token.ExpiresAt - (left / 2 < s_before ? left / 2 : s_before);
        try
        {
            // Not given up half way: the old token is void already.
            await credentials.ReplaceAsync(token, CancellationToken.None);
        }
        catch (Exception exception)
        {
            throw new RefreshCallbackException(exception);
        }

        return null;
    }
}
