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

    // Of its own, so that made-up keys crowd out no live one.
    private readonly ShortLivedCache<string, bool> _refused = new(
        "refused_access_keys", TimeSpan.FromTicks(Math.Min(s_refusalLifetime.Ticks, options.Value.AccessKeyCacheLifetime.Ticks)),
        options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    public async ValueTask<AccessKey?> FindAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        if (!_known.TryGet(accessKeyId, out var key) && TokenStore.IsWellFormed(accessKeyId) && !_refused.TryGet(accessKeyId, out _))
        {
            var (ticket, refusal) = (_known.BeginFill(), _refused.BeginFill());
            key = await tokens.FindAccessKeyAsync(accessKeyId, cancellationToken);
            if (key is not null)
                _known.Fill(accessKeyId, key, ticket);
            else
                _refused.Fill(accessKeyId, true, refusal);
        }

        return key?.ExpiresAt > time.GetUtcNow() ? key : null;
    }

    /// <summary>To be called for each key that has verified a token. It writes once in the life of a token that came from a refresh.</summary>
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
