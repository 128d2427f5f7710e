namespace Chatable.Client.Connections;

/// <summary>The refresh callback of the application failed.</summary>
internal sealed class RefreshCallbackException(Exception inner) : Exception("The new token could not be stored.", inner);

/// <summary>The result of an attempt to get a new token.</summary>
internal enum RefreshResult
{
    /// <summary>A new token was received.</summary>
    Fresh,

    /// <summary>The server could not be reached, or could not answer.</summary>
    NotNow,

    /// <summary>The server refused the exchange. Retrying cannot help.</summary>
    Refused,
}

/// <summary>Decides when a device's token is exchanged. Its credentials make sure that this happens once.</summary>
internal sealed class TokenRefresh(ChatAccounts accounts, ChatCredentials credentials, ServerClock clock, TimeProvider time)
{
    /// <summary>
    /// How long before its end a token is exchanged. A refresh token expires with its token, and cannot be exchanged afterwards.
    /// </summary>
    private static readonly TimeSpan s_before = TimeSpan.FromDays(7);

    private static readonly TimeSpan s_retry = TimeSpan.FromHours(1);

    /// <summary>How long a connection waits for an exchange. The exchange itself continues.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a disposed connection waits for an exchange.</summary>
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(5);

    private DateTimeOffset _notBefore;

    /// <summary>How long a connection may last before the token should be exchanged.</summary>
    public TimeSpan ConnectionLimit => (DueAt - clock.Now) switch
    {
        var left when left <= TimeSpan.Zero => s_retry,
        // A timer's maximum is 49 days.
        var left => left < TimeSpan.FromDays(30) ? left : TimeSpan.FromDays(30),
    };

    private DateTimeOffset DueAt
    {
        get
        {
            // For tokens with a shorter lifetime, half of it.
            var end = credentials.Token.ExpiresAt;
            var due = credentials.ExchangedAt is { } begin && (end - begin) / 2 < s_before ? begin + (end - begin) / 2 : end - s_before;
            return due > _notBefore ? due : _notBefore;
        }
    }

    /// <summary>Exchanges a token that expires soon. If that fails, the old one is used until it expires.</summary>
    public async Task RefreshIfDueAsync(CancellationToken cancellationToken)
    {
        if (clock.Now >= DueAt && await ExchangeAsync(credentials.Token, cancellationToken).ConfigureAwait(false) == RefreshResult.Refused)
            _notBefore = clock.Now + s_retry;
    }

    /// <summary>Records that a server has accepted the token.</summary>
    public void Accepted(ChatToken token)
    {
        if (token == credentials.Token)
            credentials.IsAccepted = true;
    }

    /// <summary>
    /// Handles a token that a server has refused: it is exchanged, unless that has already happened. A new token that is also refused is
    /// not exchanged again.
    /// </summary>
    public async Task<RefreshResult> ReplaceAsync(ChatToken refused, CancellationToken cancellationToken) =>
        refused == credentials.Token && !credentials.IsAccepted
            ? RefreshResult.Refused
            : await ExchangeAsync(refused, cancellationToken).ConfigureAwait(false);

    private async Task<RefreshResult> ExchangeAsync(ChatToken token, CancellationToken cancellationToken)
    {
        var exchange = credentials.ExchangeAsync(token, accounts, clock);
        try
        {
            await exchange.WaitAsync(s_patience, time, cancellationToken).ConfigureAwait(false);
            return RefreshResult.Fresh;
        }
        catch (ChatApiException exception)
        {
            return exception is { IsFromServer: true, Status: 400 or 401 or 403 } ? RefreshResult.Refused : RefreshResult.NotNow;
        }
        catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
        {
            return RefreshResult.NotNow;
        }
        catch (OperationCanceledException)
        {
            // After disposing the connection, the application disposes what stores the token.
            await Task.WhenAny(exchange, Task.Delay(s_goodbye, time, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }
}
