using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>TLS that ends in the server itself, and HTTP/2: a socket uses only the stream of its own request.</summary>
public sealed partial class TlsSocketTests(TlsSocketTests.Servers servers, PostgresServer postgres) : IClassFixture<TlsSocketTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    private sealed class PingingServers(PostgresServer postgres) : Servers(postgres)
    {
        protected override (string, string)[] Settings =>
            [.. base.Settings, ("Realtime__Times__Ping", "00:00:01"), ("Realtime__Times__Pong", "00:00:03"), ("Realtime__MaxThrottle", "00:00:04")];
    }

    public class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        private readonly string _certificate = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pfx");

        protected override (string, string)[] Settings =>
        [
            ("ASPNETCORE_URLS", "http://127.0.0.1:0;https://127.0.0.1:0"),
            ("Kestrel__Certificates__Default__Path", _certificate),
        ];

        public Uri Tls { get; private set; } = null!;

        public string Fingerprint { get; private set; } = "";

        public override async ValueTask InitializeAsync()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            Fingerprint = certificate.GetCertHashString();
            await File.WriteAllBytesAsync(_certificate, certificate.Export(X509ContentType.Pfx));
            await base.InitializeAsync();
            var api = await StartApiAsync(TestContext.Current.CancellationToken);
            Tls = new Uri(Listening().Match(api.Output).Groups[1].Value);
            File.Delete(_certificate);
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ASocketWorksThroughTlsFromItsHandshakeToItsCloseFrame(string version)
    {
        var user = await servers.Client.RegisterAsync(_ct);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {user.Token.ToJwt()}");
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var connections = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == servers.Fingerprint,
            },
        });
        await socket.ConnectAsync(new UriBuilder(servers.Tls) { Scheme = "wss", Path = "/api/ws" }.Uri, connections, _ct);

        var text = new string('x', 6000);
        await socket.SendAsync(Encoding.UTF8.GetBytes(ChatSocket.Frame(null, user.Username, text)),
            WebSocketMessageType.Text, endOfMessage: true, _ct);
        Assert.Contains(text, await ReceiveAsync(socket), StringComparison.Ordinal);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _ct);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        await servers.AssertStillDeliversAsync(_ct);
    }

    [Fact]
    public async Task AFrameWithoutAMaskIsRefusedHereToo()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        using var client = new TcpClient();
        await client.ConnectAsync(servers.Tls.Host, servers.Tls.Port, _ct);
        await using var tls = new SslStream(
            client.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown!.GetCertHashString() == servers.Fingerprint);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET /api/ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.Token.ToJwt()}\r\n"
            + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"), _ct);
        var head = "";
        for (var next = new byte[1]; !head.EndsWith("\r\n\r\n", StringComparison.Ordinal); head += (char)next[0])
            await tls.ReadExactlyAsync(next, _ct);
        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);

        await tls.WriteAsync((byte[])[0x81, 0x00], _ct);

        var close = new byte[4];
        await tls.ReadExactlyAsync(close, _ct);
        Assert.Equal((0x88, 1002), (close[0], close[2] << 8 | close[3]));
        await servers.AssertStillDeliversAsync(_ct);
    }

    [Fact]
    public async Task PingsBeyondTheirBudgetAreReadSlowlyThroughTlsToo()
    {
        var user = await servers.Client.RegisterAsync(_ct);
        using var raw = await RawSocket.ConnectAsync(servers.Tls, user.Token, _ct, secure: async transport =>
        {
            var tls = new SslStream(
                transport, leaveInnerStreamOpen: false, (_, shown, _, _) => shown!.GetCertHashString() == servers.Fingerprint);
            await tls.AuthenticateAsClientAsync("localhost");
            return tls;
        });
        var began = TimeProvider.System.GetTimestamp();

        await raw.WriteAsync(
            [.. Enumerable.Range(0, 60 + 30).SelectMany(_ => RawSocket.Frame(RawSocket.Final | RawSocket.Ping, []))], _ct);
        for (var i = 0; i < 60 + 30; i++)
            Assert.Equal(RawSocket.Final | 0xA, (await raw.ReadFrameAsync(_ct))!.Value.First);

        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(0.5));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task AClientThatAnswersNoPingIsLetGo(string version)
    {
        await using var pinging = new PingingServers(postgres);
        await pinging.InitializeAsync();
        var user = await pinging.Client.RegisterAsync(_ct);
        using var connections = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == pinging.Fingerprint,
            },
        });
        // The handshake of RFC 6455 or RFC 8441, without a WebSocket that reads the stream.
        using var handshake = new HttpRequestMessage(version == "1.1" ? HttpMethod.Get : HttpMethod.Connect, new Uri(pinging.Tls, "/api/ws"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        handshake.Headers.Add("Authorization", $"Bearer {user.Token.ToJwt()}");
        handshake.Headers.Add("Sec-WebSocket-Version", "13");
        if (version == "1.1")
        {
            handshake.Headers.Add("Connection", "Upgrade");
            handshake.Headers.Add("Upgrade", "websocket");
            handshake.Headers.Add("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
        }
        else
        {
            handshake.Headers.Protocol = "websocket";
        }

        using var answer = await connections.SendAsync(handshake, _ct);
        await using var bytes = await answer.Content.ReadAsStreamAsync(_ct);

        var frame = new byte[16];
        await bytes.ReadExactlyAsync(frame.AsMemory(0, 2), _ct);
        Assert.Equal(RawSocket.Final | RawSocket.Ping, frame[0]);
        await EndAsync(bytes).WaitAsync(TimeSpan.FromSeconds(60), _ct);

        await pinging.AssertStillDeliversAsync(_ct);
    }

    private async Task EndAsync(Stream bytes)
    {
        try
        {
            for (var some = new byte[16]; await bytes.ReadAsync(some, _ct) > 0;)
            {
            }
        }
        catch (Exception reset) when (reset is IOException or HttpRequestException)
        {
        }
    }

    private async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        var buffer = new byte[16 * 1024];
        var length = 0;
        for (var ended = false; !ended;)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), _ct);
            (length, ended) = (length + part.Count, part.EndOfMessage);
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    [GeneratedRegex(@"Now listening on: (https://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
