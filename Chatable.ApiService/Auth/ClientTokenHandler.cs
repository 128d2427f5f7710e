using System.Security.Cryptography;
using System.Text;
using Chatable.ApiService.Http;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Validates the JWT that a client signed with its secret access key. The key is looked up here, asynchronously. A resolver of signing keys
/// would have to block on the database.
/// </summary>
internal sealed class ClientTokenHandler(AccessKeys keys, IOptions<AuthOptions> options, TimeProvider time) : TokenHandler
{
    private static readonly JsonWebTokenHandler s_signatures = new() { MaximumTokenSizeInBytes = ClientToken.MaxLength };

    // Verifiers are not cached: each token has its own key, whose bytes should not outlive their entry in the key cache.
    private static readonly CryptoProviderFactory s_verifiers = new() { CacheSignatureProviders = false };

    // Verifying against this makes an unknown access key take as long as a known one.
    private readonly byte[] _decoy = Encoding.ASCII.GetBytes(Base32.Encode(RandomNumberGenerator.GetBytes(32)));

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if (!ClientToken.TryRead(token, out var read))
            return Refused(Problem.Unauthenticated);

        try
        {
            // The base class passes no cancellation token. The queries are limited by their command timeout.
            var key = await keys.FindInAnyStateAsync(read.AccessKeyId, CancellationToken.None);
            var verified = await s_signatures.ValidateTokenAsync(token, SignedWith(key?.Secret ?? _decoy));
            if (key is null || !verified.IsValid)
                return Refused(Problem.BadSignature);
            // Details of a token are reported only once its signature is verified.
            if ((AccessKeys.FaultOf(key) ?? FaultOf(read)) is { } fault)
                return Refused(fault);

            await keys.NoteUseAsync(key, CancellationToken.None);
            return new TokenValidationResult
            {
                IsValid = true,
                ClaimsIdentity = key.ToIdentity(),
                SecurityToken = verified.SecurityToken,
            };
        }
        catch (Exception e)
        {
            // Not the client's fault, so not a 401: BearerEvents rethrows it.
            return new TokenValidationResult { Exception = new AccessKeyLookupException(e) };
        }
    }

    private Problem? FaultOf(ClientToken token) =>
        token.FaultAt(time.GetUtcNow(), options.Value.ClockSkew, options.Value.RequireExpiration);

    private static TokenValidationParameters SignedWith(byte[] secret) => new()
    {
        IssuerSigningKey = new SymmetricSecurityKey(secret) { CryptoProviderFactory = s_verifiers },
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        RequireSignedTokens = true,
        // Claims are the client's own. ClientToken checks the times, because the library would ignore times that are not numbers.
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
    };

    private static TokenValidationResult Refused(Problem problem) => new() { Exception = new TokenRefusedException(problem) };
}

/// <summary>An access key could not be looked up.</summary>
internal sealed class AccessKeyLookupException(Exception cause) : Exception("An access key could not be looked up.", cause);

/// <summary>Carries the problem from the token validation to the response.</summary>
internal sealed class TokenRefusedException(Problem problem) : SecurityTokenValidationException("The token is not valid.")
{
    public Problem Problem => problem;
}
