using Chatable.Client.Connections;

namespace Chatable.Client;

/// <summary>
/// The current token of a device. Connections of one device in one process should share an instance: its token is then exchanged once, and
/// all of them continue with the new one.
/// </summary>
public sealed class ChatCredentials
{
    private readonly Lock _lock = new();
    private volatile ChatToken _token;
    private Task<ChatToken>? _exchange;

    /// <summary>Creates credentials with an initial token.</summary>
    /// <param name="token">The initial token.</param>
    public ChatCredentials(ChatToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        _token = token;
    }

    /// <summary>The current token.</summary>
    public ChatToken Token => _token;

    /// <summary>
    /// Stores a new token before its first use. The first use ends the old token, so a device that loses the new one must log in again. If
    /// the callback throws, the old token stays in use, and the connection ends with <see cref="ChatStopReason.CallbackFailed"/>. It may
    /// run while a connection is being disposed, because an exchange that has begun is always completed.
    /// </summary>
    public Func<ChatToken, CancellationToken, ValueTask>? Refreshed { get; init; }

    /// <summary>Tells whether the current code was called by <see cref="Refreshed"/>.</summary>
    internal CallbackScope Callback { get; } = new();

    /// <summary>When the current token was received. Null if it was the initial one.</summary>
    internal DateTimeOffset? ExchangedAt { get; private set; }

    /// <summary>Whether a server has accepted the current token, or is assumed to have: the initial token counts as accepted.</summary>
    internal bool IsAccepted { get; set; } = true;

    /// <summary>
    /// Exchanges the token, with one exchange at a time for all callers. An exchange is never abandoned halfway: once the server has
    /// answered, the new token must be kept.
    /// </summary>
    /// <param name="used">The token to replace. If another one is already current, that one is returned.</param>
    /// <param name="accounts">Performs the exchange.</param>
    /// <param name="clock">Provides the time.</param>
    internal Task<ChatToken> ExchangeAsync(ChatToken used, ChatAccounts accounts, ServerClock clock)
    {
        lock (_lock)
        {
            if (used != _token)
                return Task.FromResult(_token);
            if (_exchange is null or { IsCompleted: true })
            {
                _exchange = Task.Run(() => ExchangeOnceAsync(used, accounts, clock), CancellationToken.None);
                // A caller that stopped waiting never observes the exception.
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
