using Chatable.Client.Connections;

namespace Chatable.Client;

/// <summary>
/// The token that a device uses now. Connections of one device in one process share an instance: then its token is exchanged once, and all
/// of them go on with the new one.
/// </summary>
public sealed class ChatCredentials
{
    private readonly Lock _lock = new();
    private volatile ChatToken _token;
    private Task<ChatToken>? _exchange;

    /// <summary>Credentials that begin with a token.</summary>
    /// <param name="token">The one to start with.</param>
    public ChatCredentials(ChatToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        _token = token;
    }

    /// <summary>The token in use.</summary>
    public ChatToken Token => _token;

    /// <summary>
    /// Stores a new token, before it is used: the first use makes the old one void, so that a device which loses the new one must log in
    /// again. An exception leaves the old one in use and ends the connection with <see cref="ChatStopReason.CallbackFailed"/>. It may be
    /// called while a connection is being disposed, since an exchange that has begun is not given up.
    /// </summary>
    public Func<ChatToken, CancellationToken, ValueTask>? Refreshed { get; init; }

    /// <summary>Whether whoever asks was called by <see cref="Refreshed"/>.</summary>
    internal CallbackScope Callback { get; } = new();

    /// <summary>When the token in use came, where it came here.</summary>
    internal DateTimeOffset? ExchangedAt { get; private set; }

    /// <summary>Whether a server has accepted the token in use, or may be thought to have: one that was just logged in with.</summary>
    internal bool IsAccepted { get; set; } = true;

    /// <summary>
    /// Exchanges the token, once at a time, whoever asks. It is never given up half way: the server has answered, and the answer is the new
    /// token.
    /// </summary>
    /// <param name="used">The token to replace; where another is in use already, that is the answer.</param>
    /// <param name="accounts">Exchanges it.</param>
    /// <param name="clock">Tells the time.</param>
    internal Task<ChatToken> ExchangeAsync(ChatToken used, ChatAccounts accounts, ServerClock clock)
    {
        lock (_lock)
        {
            if (used != _token)
                return Task.FromResult(_token);
            if (_exchange is null or { IsCompleted: true })
            {
                _exchange = Task.Run(() => ExchangeOnceAsync(used, accounts, clock), CancellationToken.None);
                // Whoever gave up the wait will never look at how it ended.
                _ = _exchange.ContinueWith(
                    static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            }

            return _exchange;
        }
    }

    private async Task<ChatToken> ExchangeOnceAsync(ChatToken used, ChatAccounts accounts, ServerClock clock)
    {
        var fresh = await accounts.RefreshAsync(used, CancellationToken.None).ConfigureAwait(false);
        try
        {
            using (Callback.Enter())
            {
                if (Refreshed is { } store)
                    await store(fresh, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            throw new RefreshCallbackException(exception);
        }

        lock (_lock)
        {
            _token = fresh;
            ExchangedAt = clock.Now;
            IsAccepted = false;
        }

        return fresh;
    }
}
