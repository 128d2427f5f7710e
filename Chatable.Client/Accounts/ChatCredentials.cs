namespace Chatable.Client;

/// <summary>The token that a device uses now.</summary>
/// <param name="token">The one it starts with.</param>
public sealed class ChatCredentials(ChatToken token)
{
    private volatile ChatToken _token = token;

    /// <summary>The token in use.</summary>
    public ChatToken Token => _token;

    /// <summary>
    /// Stores a new token, before it is used: the old one is void already, so that a device which loses the new one must log in again.
    /// An exception ends the connection with <see cref="ChatStopReason.CallbackFailed"/>.
    /// </summary>
    public Func<ChatToken, CancellationToken, ValueTask>? Refreshed { get; init; }

    internal async ValueTask ReplaceAsync(ChatToken token, CancellationToken cancellationToken)
    {
        _token = token;
        if (Refreshed is { } store)
            await store(token, cancellationToken);
    }
}
