using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class BodyTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Json = "application/json";

    private static readonly Dictionary<string, (string? ContentType, byte[] Body, int Status)> s_hostile = new()
    {
        ["JSON number for a text"] = (Json, Utf8("""{"username":1,"password":"x"}"""), 400),
        ["JSON object for a text"] = (Json, Utf8("""{"username":{"a":"b"},"password":"x"}"""), 400),
        ["JSON array for a text"] = (Json, Utf8("""{"username":["a"],"password":"x"}"""), 400),
        ["JSON true for a text"] = (Json, Utf8("""{"username":true,"password":"x"}"""), 400),
        ["JSON null for a text"] = (Json, Utf8("""{"username":null,"password":"x"}"""), 400),
        ["JSON array"] = (Json, Utf8("""["username","password"]"""), 400),
        ["JSON string"] = (Json, Utf8("\"username\""), 400),
        ["JSON null"] = (Json, Utf8("null"), 400),
        ["JSON cut off"] = (Json, Utf8("""{"username":"a","pass"""), 400),
        ["JSON twice"] = (Json, Utf8("""{"username":"a"}{"username":"b"}"""), 400),
        ["JSON with a comment"] = (Json, Utf8("""{"username":"a"/**/}"""), 400),
        ["JSON empty"] = (Json, [], 400),
        ["JSON duplicate field"] = (Json, Utf8("""{"username":"a","username":"b","password":"x"}"""), 400),
        ["JSON nested a thousand deep"] = (Json, Utf8("""{"a":""" + new string('[', 1000) + new string(']', 1000) + "}"), 400),
        ["JSON nested thirty thousand deep"] = (Json, Utf8("""{"a":""" + new string('[', 30_000)), 400),
        ["JSON lone surrogate"] = (Json, Utf8("""{"username":"\ud800","password":"x"}"""), 400),
        ["JSON lone surrogate in a name"] = (Json, Utf8("""{"\udfff":"a","password":"x"}"""), 400),
        ["JSON NUL"] = (Json, Utf8("""{"username":"a\u0000b","password":"x"}"""), 400),
        ["JSON bad UTF-8"] = (Json, [.. Utf8("""{"username":"""), (byte)'"', 0xC3, 0x28, (byte)'"', (byte)'}'], 400),
        ["JSON overlong UTF-8"] = (Json, [.. Utf8("""{"username":"""), (byte)'"', 0xC0, 0x80, (byte)'"', (byte)'}'], 400),
        ["JSON with a byte order mark"] = (Json, [0xEF, 0xBB, 0xBF, .. Utf8("""{"username":"a"}""")], 400),
        ["JSON in UTF-16"] = (Json, Encoding.Unicode.GetBytes("""{"username":"a"}"""), 400),
        ["JSON of five thousand fields"] = (Json, Utf8($"{{{string.Join(',', Enumerable.Repeat("\"a\":\"\"", 5_000))}}}"), 400),
        ["JSON huge number"] = (Json, Utf8($$"""{"username":{{new string('9', 10_000)}} }"""), 400),
        ["form of ten thousand fields"] = (Form, Utf8(string.Join('&', Enumerable.Repeat("a=b", 10_000))), 400),
        ["form duplicate field"] = (Form, Utf8("username=a&username=b&password=x"), 400),
        ["form percent without digits"] = (Form, Utf8("username=%zz&password=x"), 400),
        ["form percent at the end"] = (Form, Utf8("username=a&password=%4"), 400),
        ["form percent only"] = (Form, Utf8("%"), 400),
        ["form bad UTF-8"] = (Form, Utf8("username=%C3%28&password=x"), 400),
        ["form surrogate in UTF-8"] = (Form, Utf8("username=%ED%A0%80&password=x"), 400),
        ["form raw bytes"] = (Form, [.. Utf8("username="), 0xFF, 0xFE], 400),
        ["form NUL"] = (Form, Utf8("username=a%00b&password=x"), 400),
        ["form empty"] = (Form, [], 400),
        ["form of separators"] = (Form, Utf8("&&&=&=&&"), 400),
        ["form long value"] = (Form, Utf8($"username={new string('a', 60_000)}&password=x"), 400),
        ["form password too long"] = (Form, Utf8($"username=bob&password={new string('a', 50_000)}"), 400),
        ["no body"] = (null, [], 400),
        ["no content type"] = (null, Utf8("username=a"), 415),
        ["multipart"] = ("multipart/form-data; boundary=x",
            Utf8("--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--x--"), 415),
        ["plain text"] = ("text/plain", Utf8("username=a"), 415),
        ["XML"] = ("application/xml", Utf8("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"), 415),
        ["other charset"] = ($"{Form}; charset=utf-16", Utf8("username=a"), 415),
        ["unknown charset"] = ($"{Json}; charset=klingon", Utf8("{}"), 415),
        ["malformed content type"] = (";;;", Utf8("{}"), 415),
        ["JSON too large"] = (Json, Utf8($$"""{"username":"{{new string('a', 70_000)}}"}"""), 413),
        ["form too large"] = (Form, Utf8(new string('a', 70_000)), 413),
    };

    public static TheoryData<string> Hostile => [.. s_hostile.Keys];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task HostileBodyIsRefusedInTheEnvelopeAndOthersAreServed(string name)
    {
        var (contentType, body, status) = s_hostile[name];
        foreach (var path in (string[])["/api/register", "/api/auth_token", "/api/auth_token/refresh"])
        {
            var headers = contentType is null ? [] : (string[])[$"Content-Type: {contentType}"];
            var answer = await RawHttp.SendAsync(api.Address, $"POST {path}", headers, body, Cancellation);
            Assert.Equal(status, answer.Status);
            Assert.Contains($"\"status\":\"fail\",\"data\":[],\"error\":{{\"code\":{status},", answer.Body, StringComparison.Ordinal);
            Assert.True(answer.Has("X-Chatable-Server: "), answer.Head);
            Assert.DoesNotContain("   at ", answer.Body, StringComparison.Ordinal);
        }

        await api.AssertStillServesAsync(Cancellation);
    }

    [Fact]
    public async Task CompressedBodyIsNotUnpacked()
    {
        var answer = await RawHttp.SendAsync(
            api.Address, "POST /api/auth_token", [$"Content-Type: {Json}", "Content-Encoding: gzip"], Utf8("{}"), Cancellation);
        Assert.Equal(415, answer.Status);
    }

    [Fact]
    public async Task BodyOfUnknownLengthIsCutOffAtTheSameLimit()
    {
        var chunk = $"8000\r\n{new string('a', 0x8000)}\r\n";
        var request = $"POST /api/auth_token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {Form}\r\n"
            + $"Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n";
        var answer = await RawHttp.SendAsync(api.Address, Utf8(request), Cancellation);
        Assert.Equal(413, answer.Status);
        await api.AssertStillServesAsync(Cancellation);
    }

    [Fact]
    public async Task EachFaultOfAJsonBodyIsNamed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth_token")
        {
            Content = new StringContent("""{"username":7,"password":"\ud800"}""", Encoding.UTF8, Json),
        };
        var answer = await api.Client.SendAsync(request, Cancellation);
        Assert.Equal(("must be a text", "is not valid text"), (answer.ErrorOf("username"), answer.ErrorOf("password")));
    }

    [Theory]
    [InlineData($"{Json}; charset=utf-8")]
    [InlineData($"{Json}; charset=\"UTF-8\"")]
    [InlineData("APPLICATION/JSON")]
    public async Task ContentTypeIsReadAsItIsMeant(string contentType)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var body = Utf8($$"""{"username":"{{user.Username}}","password":"{{user.Password}}","unknown":{"ignored":[1]} }""");
        var answer = await RawHttp.SendAsync(api.Address, "POST /api/auth_token", [$"Content-Type: {contentType}"], body, Cancellation);
        Assert.Equal(200, answer.Status);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
