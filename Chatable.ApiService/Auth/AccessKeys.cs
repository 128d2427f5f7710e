using Chatable.ApiService.Http;
using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Caches live access keys on this replica for a short time. Keys that are not live are cached for a shorter time, so that a client that
/// keeps using an ended key does not cost a query each time. A key that has not yet been issued is never among them, because nobody knows
/// its id.
/// </summary>
internal sealed class AccessKeys(TokenStore tokens, IOptions<AuthOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_refusalLifetime = TimeSpan.FromSeconds(5);

    private readonly ShortLivedCache<string, AccessKey> _known = new(
        "access_keys", options.Value.AccessKeyCacheLifetime, options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    // A separate cache, so that invented keys never evict live ones. The secret of an ended key is kept to tell its owner why it is
    // refused.
    private readonly ShortLivedCache<string, AccessKey?> _refused = new(
        "refused_access_keys", TimeSpan.FromTicks(Math.Min(s_refusalLifetime.Ticks, options.Value.AccessKeyCacheLifetime.Ticks)),
        options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    /// <summary>The problem that a client receives for its key. Null if the key is live.</summary>
    public static Problem? FaultOf(AccessKey? key) => key?.State switch
    {
        AccessKeyState.Live => null,
        AccessKeyState.Expired => Problem.TokenExpired,
        _ => Problem.TokenRevoked,
    };

    /// <returns>The key, or null if it does not exist or is not live.</returns>
    /// <exception cref="EncryptionKeyMissingException">This replica cannot decrypt the key's secret.</exception>
    public async ValueTask<AccessKey?> FindAsync(string accessKeyId, CancellationToken cancellationToken) =>
        await FindInAnyStateAsync(accessKeyId, cancellationToken) is { IsLive: true } key ? key : null;

    /// <returns>The key, live or not, or null if it does not exist.</returns>
    /// <exception cref="EncryptionKeyMissingException">This replica cannot decrypt the key's secret.</exception>
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
    /// Call this for each key that has verified a token. It writes to the database once in the life of a token that came from a refresh.
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
