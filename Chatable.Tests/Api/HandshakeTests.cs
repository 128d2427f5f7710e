using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>The server side of the opening handshake, clause by clause: RFC 6455, 4.2.</summary>
public sealed class HandshakeTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    private const string Version = "Sec-WebSocket-Version: 13";
    private const string Upgrade = "Upgrade: websocket";
    private const string Connection = "Connection: Upgrade";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(101, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, Key)]
    [InlineData(101, "GET /api/ws HTTP/1.1", "connection: keep-alive, UPGRADE", "upgrade: WebSocket", "sec-websocket-version: 13", Key)]
    [InlineData(101, "GET /api/ws HTTP/1.1", Connection, "Upgrade: h2c, websocket", Version, Key)]
    // 1: an HTTP/1.1 or higher GET request. RFC 9110, 7.8: an upgrade in an HTTP/1.0 request is ignored.
    [InlineData(426, "GET /api/ws HTTP/1.0", Connection, Upgrade, Version, Key)]
    [InlineData(426, "HEAD /api/ws HTTP/1.1", Connection, Upgrade, Version, Key)]
    [InlineData(405, "POST /api/ws HTTP/1.1", Connection, Upgrade, Version, Key)]
    // 3, 4: Upgrade and Connection
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, Version, Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1", Upgrade, Version, Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, "Upgrade: websockets", Version, Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1")]
    // 5: a key of 16 bytes in base64, once
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version)]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, "Sec-WebSocket-Key: ")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, "Sec-WebSocket-Key: abc")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc=")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, Key, Key)]
    // 6: version 13, once
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, Upgrade, Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, Upgrade, "Sec-WebSocket-Version: 8", Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, Upgrade, "Sec-WebSocket-Version: 14", Key)]
    [InlineData(426, "GET /api/ws HTTP/1.1", Connection, Upgrade, "Sec-WebSocket-Version: 8")]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, "Sec-WebSocket-Version: thirteen", Key)]
    [InlineData(400, "GET /api/ws HTTP/1.1", Connection, Upgrade, Version, Version, Key)]
    public async Task TheAnswerIsTheOneTheProtocolWants(int status, string requestLine, params string[] headers)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answer = await RawHttp.SendForHeadAsync(
            api.Address, string.Join("\r\n", [requestLine, "Host: x", $"Authorization: Bearer {user.Token.ToJwt()}", .. headers, "", ""]),
            Cancellation);

        Assert.Equal((status, answer.Head), (answer.Status, answer.Head));
        Assert.Equal(status == 101, answer.Has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        // 4.2.2: the supported versions. RFC 9110, 15.5.22: the protocol to upgrade to.
        Assert.Equal(status == 426, answer.Has("Sec-WebSocket-Version: 13\r\n"));
        Assert.Equal(status is 101 or 426, answer.Has("Upgrade: websocket\r\n"));
    }

    [Theory]
    [InlineData("/api/ws")]
    [InlineData("/api/ws/")]
    [InlineData("/API/WS")]
    [InlineData("/API/ws/")]
    public async Task ATokenInTheQueryIsAsGoodAsOneInTheHeaderOnEveryFormOfThePath(string path)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var (inQuery, inHeader) = ($"?access_token={user.Token.ToJwt()}", $"Authorization: Bearer {user.Token.ToJwt()}");
        string[] rest = [Connection, Upgrade, Version, Key, "", ""];

        var byQuery = await RawHttp.SendForHeadAsync(
            api.Address, string.Join("\r\n", [$"GET {path}{inQuery} HTTP/1.1", "Host: x", .. rest]), Cancellation);
        var byHeader = await RawHttp.SendForHeadAsync(
            api.Address, string.Join("\r\n", [$"GET {path} HTTP/1.1", "Host: x", inHeader, .. rest]), Cancellation);
        Assert.Equal((101, 101), (byQuery.Status, byHeader.Status));
    }

    [Theory]
    [InlineData("/api/inbox")]
    [InlineData("/api/ws/x")]
    [InlineData("/api/v2/sync")]
    public async Task ATokenInTheQueryIsNoneAnywhereElse(string path)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answer = await RawHttp.SendAsync(api.Address, $"GET {path}?access_token={user.Token.ToJwt()}", [], Cancellation);
        Assert.Equal(path == "/api/ws/x" ? 404 : 401, answer.Status);
    }
}
