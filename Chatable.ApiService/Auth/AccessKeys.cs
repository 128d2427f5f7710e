using Chatable.ApiService.Http;
using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Auth;

/// <summary>
/// The live access keys, remembered for a short while on this replica; those that are none for a shorter one, so that a client that goes on
/// with an ended key does not cost a query each time. A key still to be issued is never among them: nobody can ask for it.
/// </summary>
internal sealed class AccessKeys(TokenStore tokens, IOptions<AuthOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_refusalLifetime = TimeSpan.FromSeconds(5);

    private readonly ShortLivedCache<string, AccessKey> _known = new(
        "access_keys", options.Value.AccessKeyCacheLifetime, options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    // Of its own, so that made-up keys crowd out no live one. The secret of a key that has ended is kept to tell its owner why it is
    // refused.
    private readonly ShortLivedCache<string, AccessKey?> _refused = new(
        "refused_access_keys", TimeSpan.FromTicks(Math.Min(s_refusalLifetime.Ticks, options.Value.AccessKeyCacheLifetime.Ticks)),
        options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    /// <summary>What a client is told whose key is not live; null where it is.</summary>
    public static Problem? FaultOf(AccessKey? key) => key?.State switch
    {
        AccessKeyState.Live => null,
        AccessKeyState.Expired => Problem.TokenExpired,
        _ => Problem.TokenRevoked,
    };

    /// <returns>The key, or null where it is not or no longer live.</returns>
    /// <exception cref="EncryptionKeyMissingException">It cannot be read here.</exception>
    public async ValueTask<AccessKey?> FindAsync(string accessKeyId, CancellationToken cancellationToken) =>
        await FindInAnyStateAsync(accessKeyId, cancellationToken) is { IsLive: true } key ? key : null;

    /// <returns>The key, live or not, or null where it does not exist.</returns>
    /// <exception cref="EncryptionKeyMissingException">It cannot be read here.</exception>
    public async ValueTask<AccessKey?> FindInAnyStateAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        if (!_known.TryGet(accessKeyId, out var key) && TokenStore.IsWellFormed(accessKeyId) && !_refused.TryGet(accessKeyId, out key))
        {
            var (ticket, refusal) = (_known.BeginFill(), _refused.BeginFill());
            key = await tokens.FindAccessKeyAsync(accessKeyId, cancellationToken);
            if (key is { IsLive: true })
                _known.Fill(accessKeyId, key, ticket);
            else
                _refused.Fill(accessKeyId, key, refusal);
        }

        return key is { IsLive: true } && key.ExpiresAt <= time.GetUtcNow() ? key with { State = AccessKeyState.Expired } : key;
    }

    /// <summary>
    /// To be called for each key that has verified a token. It writes once in the life of a token that came from a refresh.
    /// </summary>
    public async ValueTask NoteUseAsync(AccessKey key, CancellationToken cancellationToken)
    {
        if (!key.IsFirstUse)
            return;

        await tokens.NoteUseAsync(key.TokenId, cancellationToken);
        Forget(key.AccessKeyId);
    }

    public void Forget(string accessKeyId) => _known.Remove(accessKeyId);

    public void ForgetAll() => _known.Clear();
}
