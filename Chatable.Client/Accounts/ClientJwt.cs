using System.Buffers.Text;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Chatable.Client.Accounts;

/// <summary>
/// The JWT that the client creates and signs itself, anew for each request and each connection.
/// <code>{"alg":"HS256","typ":"JWT","access_key":"…"}.{"iat":1441249992,"exp":1441250292}.signature</code>
/// The signing key is the ASCII text of the secret.
/// </summary>
internal static class ClientJwt
{
    /// <summary>Long enough for a slow request and an inaccurate clock. A connection may outlive its token.</summary>
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(5);

    public static AuthenticationHeaderValue Bearer(ChatToken token, DateTimeOffset now) => new("Bearer", Sign(token, now));

    public static string Sign(ChatToken token, DateTimeOffset now)
    {
        var issued = now.ToUnixTimeSeconds();
        var claims = string.Create(
            CultureInfo.InvariantCulture, $$"""{"iat":{{issued}},"exp":{{issued + (long)s_lifetime.TotalSeconds}}}""");
        var header = $$"""{"alg":"HS256","typ":"JWT","access_key":"{{token.AccessKeyId}}"}""";
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var signature = HMACSHA256.HashData(Encoding.ASCII.GetBytes(token.SecretAccessKey), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
