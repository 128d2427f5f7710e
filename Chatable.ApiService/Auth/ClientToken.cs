using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Auth;

/// <summary>
/// The JWT that a client creates and signs itself: <c>{"alg":"HS256","access_key":"…","typ":"JWT"}.{claims}.signature</c>. It is parsed
/// strictly before any lookup. Nothing in it may be trusted until the signature is verified.
/// </summary>
/// <param name="AccessKeyId">The access key whose secret signed the token.</param>
/// <param name="NotBefore">Seconds since 1970, or null.</param>
/// <param name="Expires">Seconds since 1970, or null.</param>
internal sealed record ClientToken(string AccessKeyId, double? NotBefore, double? Expires)
{
    /// <summary>The original service's tokens are 200 characters. This leaves room for a client's own claims.</summary>
    public const int MaxLength = 4096;

    // Another reader may interpret a duplicate header or claim differently, so such a token is rejected.
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    public static bool TryRead(string text, [NotNullWhen(true)] out ClientToken? token)
    {
        token = null;
        if (text.Length > MaxLength || text.Split('.') is not [var headerPart, var claimsPart, { Length: > 0 }])
            return false;

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(headerPart), s_strict);
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(claimsPart), s_strict);
            if (AccessKeyOf(header.RootElement) is not { } accessKeyId || claims.RootElement.ValueKind != JsonValueKind.Object)
                return false;

            if (!TryReadTime(claims.RootElement, "nbf"u8, out var notBefore) || !TryReadTime(claims.RootElement, "exp"u8, out var expires))
                return false;

            token = new ClientToken(accessKeyId, notBefore, expires);
            return true;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            // Not base64url, not JSON, or an escape that is not a valid character.
            return false;
        }
    }

    /// <summary>Returns the reason why the token is not valid at this time, or null if it is.</summary>
    public Problem? FaultAt(DateTimeOffset now, TimeSpan skew, bool requireExpiration)
    {
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        if (Expires is null && requireExpiration)
            return Problem.ExpirationRequired;
        if (seconds > Expires + skew.TotalSeconds)
            return Problem.TokenExpired;
        return seconds < NotBefore - skew.TotalSeconds ? Problem.TokenNotYetValid : null;
    }

    // "crit" requires the reader to understand extensions (RFC 7515, 4.1.11), and this reader understands none. "b64" is such an extension.
    private static string? AccessKeyOf(JsonElement header)
    {
        var isUsable = header.ValueKind == JsonValueKind.Object
            && header.TryGetProperty("alg"u8, out var algorithm)
            && algorithm.ValueKind == JsonValueKind.String && algorithm.ValueEquals("HS256"u8)
            && !header.TryGetProperty("crit"u8, out _) && !header.TryGetProperty("b64"u8, out _);
        return isUsable && header.TryGetProperty("access_key"u8, out var key) && key.ValueKind == JsonValueKind.String
            ? key.GetString()
            : null;
    }

    private static bool TryReadTime(JsonElement claims, ReadOnlySpan<byte> name, out double? seconds)
    {
        seconds = null;
        if (!claims.TryGetProperty(name, out var value))
            return true;

        if (value.ValueKind != JsonValueKind.Number)
            return false;

        seconds = value.GetDouble();
        return true;
    }
}
