namespace Chatable.Client.Connections;

/// <summary>The refresh callback of the application failed.</summary>
internal sealed class RefreshCallbackException(Exception inner) : Exception("The new token could not be stored.", inner);

/// <summary>What trying to get a new token came to.</summary>
internal enum RefreshResult
{
    /// <summary>There is one.</summary>
    Fresh,

    /// <summary>The server could not be asked, or could not answer.</summary>
    NotNow,

    /// <summary>There will be none.</summary>
    Refused,
}

/// <summary>Says when a device's token is to be exchanged; its credentials see to it that this happens once.</summary>
internal sealed class TokenRefresh(ChatAccounts accounts, ChatCredentials credentials, ServerClock clock, TimeProvider time)
{
    /// <summary>A refresh token ends with its token: what has ended cannot be exchanged, so that it is done this long before.</summary>
    private static readonly TimeSpan s_before = TimeSpan.FromDays(7);

    private static readonly TimeSpan s_retry = TimeSpan.FromHours(1);

    /// <summary>How long a connection waits for an exchange; that goes on.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection that is disposed waits for one.</summary>
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(5);

    private DateTimeOffset _notBefore;

    /// <summary>How long a connection may last before the token should be exchanged.</summary>
    public TimeSpan ConnectionLimit => (DueAt - clock.Now) switch
    {
        var left when left <= TimeSpan.Zero => s_retry,
        // A timer's longest time is 49 days.
        var left => left < TimeSpan.FromDays(30) ? left : TimeSpan.FromDays(30),
    };

    private DateTimeOffset DueAt
    {
        get
        {
            // Of tokens that live shorter than that, half their life.
            var end = credentials.Token.ExpiresAt;
            var due = credentials.ExchangedAt is { } begin && (end - begin) / 2 < s_before ? begin + (end - begin) / 2 : end - s_before;
            return due > _notBefore ? due : _notBefore;
        }
    }

    /// <summary>Exchanges a token whose end is near. Where that fails, the old one serves as long as it lives.</summary>
    public async Task RefreshIfDueAsync(CancellationToken cancellationToken)
    {
        if (clock.Now >= DueAt && await ExchangeAsync(credentials.Token, cancellationToken).ConfigureAwait(false) == RefreshResult.Refused)
            _notBefore = clock.Now + s_retry;
    }

    /// <summary>A server has accepted the token.</summary>
    public void Accepted(ChatToken token)
    {
        if (token == credentials.Token)
            credentials.IsAccepted = true;
    }

    /// <summary>
    /// A server has refused the token: it is exchanged, unless it was exchanged meanwhile. A new one that is refused as well is not
    /// exchanged again.
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
            // Whoever disposes the connection disposes what stores the token next.
            await Task.WhenAny(exchange, Task.Delay(s_goodbye, time, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }
}
