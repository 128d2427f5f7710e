using System.Security.Cryptography;
using System.Text;
using Chatable.ApiService.Http;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Validates the JWT a client signed with its secret access key. The key is found here, asynchronously; a resolver of signing keys
/// could only block on the database.
/// </summary>
internal sealed class ClientTokenHandler(AccessKeys keys, IOptions<AuthOptions> options, TimeProvider time) : TokenHandler
{
    private static readonly JsonWebTokenHandler s_signatures = new() { MaximumTokenSizeInBytes = ClientToken.MaxLength };

    // Verifiers are not kept: there is one key a token, and its bytes should not outlive their place in the cache of keys.
    private static readonly CryptoProviderFactory s_verifiers = new() { CacheSignatureProviders = false };

    // Verifying against it makes an unknown access key cost what a known one does.
    private readonly byte[] _decoy = Encoding.ASCII.GetBytes(Base32.Encode(RandomNumberGenerator.GetBytes(32)));

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if (!ClientToken.TryRead(token, out var read))
            return Refused(Problem.Unauthenticated);

        try
        {
            // The base class hands over no cancellation token; the queries are bounded by their command timeout.
            var key = await keys.FindInAnyStateAsync(read.AccessKeyId, CancellationToken.None);
            var verified = await s_signatures.ValidateTokenAsync(token, SignedWith(key?.Secret ?? _decoy));
            if (key is null || !verified.IsValid)
                return Refused(Problem.BadSignature);
            // What stands in a token is only spoken of once its signature is verified.
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
            // Not the client's fault, so not a 401: BearerEvents throws it on.
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
        // Claims are the client's own; ClientToken checks the times, which the library would ignore where they are not numbers.
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
    };

    private static TokenValidationResult Refused(Problem problem) => new() { Exception = new TokenRefusedException(problem) };
}

/// <summary>Whether an access key is live could not be found out.</summary>
internal sealed class AccessKeyLookupException(Exception cause) : Exception("An access key could not be looked up.", cause);

/// <summary>Carries the reason from where a token is validated to where the request is answered.</summary>
internal sealed class TokenRefusedException(Problem problem) : SecurityTokenValidationException("The token is not valid.")
{
    public Problem Problem => problem;
}
