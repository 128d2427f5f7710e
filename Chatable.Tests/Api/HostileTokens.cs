using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chatable.Messaging.Tokens;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>JWTs that the server must refuse, each made from a live token of the victim or of the attacker.</summary>
internal static class HostileTokens
{
    private static readonly Dictionary<string, Func<ChatToken, ChatToken, string>> s_cases = new()
    {
        ["none without signature"] = (mine, _) => $"{Jwt.Encode(Header(mine, "none"))}.{Jwt.Encode("{}")}.",
        ["None without signature"] = (mine, _) => $"{Jwt.Encode(Header(mine, "None"))}.{Jwt.Encode("{}")}.",
        ["nOnE without signature"] = (mine, _) => $"{Jwt.Encode(Header(mine, "nOnE"))}.{Jwt.Encode("{}")}.",
        ["none with a signature"] = (mine, _) => Jwt.Sign(Header(mine, "none"), "{}", mine.SecretAccessKey),
        ["empty algorithm"] = (mine, _) => Jwt.Sign(Header(mine, ""), "{}", mine.SecretAccessKey),
        ["algorithm in lower case"] = (mine, _) => Jwt.Sign(Header(mine, "hs256"), "{}", mine.SecretAccessKey),
        ["no algorithm"] = (mine, _) => Signed(mine, $$"""{"access_key":"{{mine.AccessKeyId}}"}"""),
        ["algorithm a number"] = (mine, _) => Signed(mine, $$"""{"alg":256,"access_key":"{{mine.AccessKeyId}}"}"""),
        ["algorithm null"] = (mine, _) => Signed(mine, $$"""{"alg":null,"access_key":"{{mine.AccessKeyId}}"}"""),
        ["algorithm an array"] = (mine, _) => Signed(mine, $$"""{"alg":["HS256"],"access_key":"{{mine.AccessKeyId}}"}"""),
        ["duplicate algorithm, none first"] = (mine, _) =>
            Signed(mine, $$"""{"alg":"none","alg":"HS256","access_key":"{{mine.AccessKeyId}}"}"""),
        ["duplicate algorithm, none last"] = (mine, _) =>
            Signed(mine, $$"""{"alg":"HS256","alg":"none","access_key":"{{mine.AccessKeyId}}"}"""),
        ["RS256 named, HMAC made"] = (mine, _) => Jwt.Sign(Header(mine, "RS256"), "{}", mine.SecretAccessKey),
        ["RS256"] = (mine, _) => SignedBy(Header(mine, "RS256"), data =>
        {
            using var rsa = RSA.Create(2048);
            return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }),
        ["ES256"] = (mine, _) => SignedBy(Header(mine, "ES256"), data =>
        {
            using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return curve.SignData(data, HashAlgorithmName.SHA256);
        }),
        ["HS384"] = (mine, _) => SignedBy(Header(mine, "HS384"), data => HMACSHA384.HashData(Ascii(mine.SecretAccessKey), data)),
        ["HS512"] = (mine, _) => SignedBy(Header(mine, "HS512"), data => HMACSHA512.HashData(Ascii(mine.SecretAccessKey), data)),
        ["HS256 named, HS512 made"] = (mine, _) =>
            SignedBy(Header(mine, "HS256"), data => HMACSHA512.HashData(Ascii(mine.SecretAccessKey), data)),

        ["empty signature"] = (mine, _) => Without(mine.ToJwt(), 43),
        ["truncated signature"] = (mine, _) => Without(mine.ToJwt(), 4),
        ["truncated token"] = (mine, _) => Without(mine.ToJwt(), 60),
        ["signature with a flipped bit"] = (mine, _) => Flipped(mine.ToJwt()),
        ["signature of other claims"] = (mine, _) => Swapped(mine.ToJwt(), """{"sub":"root"}"""),
        ["signed with the decoded secret"] = (mine, _) => SignedBy(Header(mine, "HS256"), data => HMACSHA256.HashData(Decoded(mine), data)),
        ["signed with an empty key"] = (mine, _) => Jwt.Sign(Header(mine, "HS256"), "{}", ""),
        ["signed with the access key"] = (mine, _) => Jwt.Sign(Header(mine, "HS256"), "{}", mine.AccessKeyId),
        ["another user's access key"] = (mine, victim) => Jwt.Sign(Header(victim, "HS256"), "{}", mine.SecretAccessKey),
        ["embedded key"] = (mine, victim) => Jwt.Sign(
            $$"""{"alg":"HS256","access_key":"{{victim.AccessKeyId}}","jwk":{"kty":"oct","k":"{{Jwt.Encode(mine.SecretAccessKey)}}"} }""",
            "{}", mine.SecretAccessKey),

        ["unknown access key"] = (mine, _) => Jwt.Sign(
            Header(mine with { AccessKeyId = Base32.Encode(RandomNumberGenerator.GetBytes(32)) }, "HS256"), "{}", mine.SecretAccessKey),
        ["access key in lower case"] = (mine, _) =>
            Jwt.Sign(Header(mine with { AccessKeyId = mine.AccessKeyId.ToLowerInvariant() }, "HS256"), "{}", mine.SecretAccessKey),
        ["access key a number"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":42}"""),
        ["access key null"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":null}"""),
        ["access key an array"] = (mine, _) => Signed(mine, $$"""{"alg":"HS256","access_key":["{{mine.AccessKeyId}}"]}"""),
        ["access key an object"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":{}}"""),
        ["access key empty"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":""}"""),
        ["access key half a character"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":"\ud800"}"""),
        ["access key with a NUL"] = (mine, _) => Signed(mine, $$"""{"alg":"HS256","access_key":"{{mine.AccessKeyId}}\u0000"}"""),
        ["access key an injection"] = (mine, _) => Signed(mine, """{"alg":"HS256","access_key":"' OR 1=1; --"}"""),
        ["access key missing"] = (mine, _) => Signed(mine, """{"alg":"HS256"}"""),
        ["access key twice"] = (mine, victim) =>
            Signed(mine, $$"""{"alg":"HS256","access_key":"{{mine.AccessKeyId}}","access_key":"{{victim.AccessKeyId}}"}"""),
        ["access key in kid"] = (mine, _) => Signed(mine, $$"""{"alg":"HS256","kid":"{{mine.AccessKeyId}}"}"""),

        ["expired"] = (mine, _) => mine.ToJwt($$"""{"exp":{{Now - 65}} }"""),
        ["expired in 1970"] = (mine, _) => mine.ToJwt("""{"exp":0}"""),
        ["expired before 1970"] = (mine, _) => mine.ToJwt("""{"exp":-1}"""),
        ["exp a string"] = (mine, _) => mine.ToJwt($$"""{"exp":"{{Now + 600}}"}"""),
        ["exp null"] = (mine, _) => mine.ToJwt("""{"exp":null}"""),
        ["exp an array"] = (mine, _) => mine.ToJwt($$"""{"exp":[{{Now + 600}}]}"""),
        ["exp twice"] = (mine, _) => mine.ToJwt($$"""{"exp":{{Now - 600}},"exp":{{Now + 600}} }"""),
        ["exp beyond all times"] = (mine, _) => mine.ToJwt("""{"exp":1e308}"""),
        ["not yet valid"] = (mine, _) => mine.ToJwt($$"""{"nbf":{{Now + 65}} }"""),
        ["nbf a string"] = (mine, _) => mine.ToJwt($$"""{"nbf":"{{Now}}"}"""),
        ["nbf beyond all times"] = (mine, _) => mine.ToJwt("""{"nbf":1e308}"""),

        ["critical extension"] = (mine, _) => Signed(mine, $$"""{"alg":"HS256","access_key":"{{mine.AccessKeyId}}","crit":["exp"]}"""),
        ["b64 false"] = (mine, _) =>
            Signed(mine, $$"""{"alg":"HS256","access_key":"{{mine.AccessKeyId}}","b64":false,"crit":["b64"]}"""),
        ["encrypted"] = (mine, _) => $"{Jwt.Encode(Header(mine, "dir"))}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
        ["header an array"] = (mine, _) => Signed(mine, "[]"),
        ["header not JSON"] = (mine, _) => Signed(mine, "HS256"),
        ["header too deep"] = (mine, _) => Signed(mine, string.Concat(Enumerable.Repeat("""{"a":""", 1000))),
        ["claims an array"] = (mine, _) => mine.ToJwt("[]"),
        ["claims a string"] = (mine, _) => mine.ToJwt("\"{}\""),
        ["claims not JSON"] = (mine, _) => mine.ToJwt("{"),
        ["claims empty"] = (mine, _) => mine.ToJwt(""),
        ["too long"] = (mine, _) => mine.ToJwt($$"""{"a":"{{new string('a', 6000)}}"}"""),
        ["four parts"] = (mine, _) => mine.ToJwt() + ".AAAA",
        ["two parts"] = (mine, _) => mine.ToJwt()[..mine.ToJwt().LastIndexOf('.')],
        ["only dots"] = (_, _) => "..",
        ["garbage"] = (_, _) => "garbage",
        ["not base64"] = (mine, _) => "$$$." + mine.ToJwt().Split('.', 2)[1],
    };

    public static IEnumerable<string> Names => s_cases.Keys;

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public static string Make(string name, ChatToken mine, ChatToken victim) => s_cases[name](mine, victim);

    private static string Header(ChatToken token, string algorithm) =>
        $$"""{"access_key":"{{token.AccessKeyId}}","alg":"{{algorithm}}","typ":"JWT"}""";

    private static string Signed(ChatToken token, string header) => Jwt.Sign(header, "{}", token.SecretAccessKey);

    private static string SignedBy(string header, Func<byte[], byte[]> sign)
    {
        var signed = $"{Jwt.Encode(header)}.{Jwt.Encode("{}")}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Ascii(signed)))}";
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Decoded(ChatToken token) => Base32.TryDecode(token.SecretAccessKey, out var bytes) ? bytes : [];

    private static string Without(string jwt, int last) => jwt[..^last];

    private static string Flipped(string jwt)
    {
        var at = jwt.LastIndexOf('.') + 1;
        return jwt[..at] + (jwt[at] == 'A' ? 'B' : 'A') + jwt[(at + 1)..];
    }

    private static string Swapped(string jwt, string claims) =>
        jwt.Split('.') is [var header, _, var signature] ? $"{header}.{Jwt.Encode(claims)}.{signature}" : "";
}
