using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Auth;

/// <summary>The live access keys, remembered for a short while on this replica.</summary>
internal sealed class AccessKeys(TokenStore tokens, IOptions<AuthOptions> options, TimeProvider time)
{
    private readonly ShortLivedCache<string, AccessKey> _known = new(
        "access_keys", options.Value.AccessKeyCacheLifetime, options.Value.AccessKeyCacheCapacity, time, StringComparer.Ordinal);

    public async ValueTask<AccessKey?> FindAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        if (!_known.TryGet(accessKeyId, out var key))
        {
            var ticket = _known.BeginFill();
            key = await tokens.FindAccessKeyAsync(accessKeyId, cancellationToken);
            if (key is not null)
                _known.Fill(accessKeyId, key, ticket);
        }

        return key?.ExpiresAt > time.GetUtcNow() ? key : null;
    }

    public void Forget(string accessKeyId) => _known.Remove(accessKeyId);

    public void ForgetAll() => _known.Clear();
}
