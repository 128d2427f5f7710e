namespace Chatable.Client.Connections;

/// <summary>The refresh callback of the application failed.</summary>
internal sealed class RefreshCallbackException(Exception inner) : Exception("The new token could not be stored.", inner);

/// <summary>Gets a new token, once for each one that a server has accepted: a second refusal in a row is final.</summary>
internal sealed class TokenRefresh(ChatAccounts accounts, ChatCredentials credentials)
{
    private bool _isFresh;

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
