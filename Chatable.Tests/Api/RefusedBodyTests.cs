using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>Unwanted bodies, and clients that do not send the complete body.</summary>
public sealed partial class RefusedBodyTests(RefusedBodyTests.Server server) : IClassFixture<RefusedBodyTests.Server>
{
    private const string Json = "Content-Type: application/json\r\n";
    private const int Attempts = 30;

    private static readonly byte[] s_megabytes = [.. Enumerable.Repeat((byte)'x', 5_000_000)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public sealed class Server(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
    {
        internal ApiProcess Api { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            ("Http__DiscardedBytes", "6000000"), ("Http__DiscardTimeout", "00:00:02"));

        public ValueTask DisposeAsync()
        {
            Api.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    [Theory]
    [InlineData(413, "POST /api/auth_token", Json)]
    [InlineData(413, "POST /api/auth_token", Json + "Transfer-Encoding: chunked\r\n")]
    [InlineData(415, "POST /api/auth_token", "Content-Type: text/plain\r\n")]
    [InlineData(415, "POST /api/auth_token", Json + "Content-Encoding: gzip\r\n")]
    [InlineData(401, "POST /api/v2/messages", Json)]
    [InlineData(401, "POST /api/v2/messages", Json + "Transfer-Encoding: chunked\r\n")]
    [InlineData(401, "DELETE /api/auth_token", "")]
    [InlineData(405, "POST /api/inbox", Json)]
    [InlineData(404, "PUT /api/nothing", Json)]
    public async Task TheAnswerToALargeBodyIsReadByWhoSendsItWholeFirst(int status, string requestLine, string headers)
    {
        var isChunked = headers.Contains("chunked", StringComparison.Ordinal);
        var length = isChunked ? "" : $"Content-Length: {s_megabytes.Length}\r\n";
        byte[] body = isChunked ? [.. Ascii($"{s_megabytes.Length:x}\r\n"), .. s_megabytes, .. "\r\n0\r\n\r\n"u8] : s_megabytes;

        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            using var client = await ConnectAsync();
            await client.GetStream().WriteAsync(Ascii($"{requestLine} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n"), Cancellation);
            await client.GetStream().WriteAsync(body, Cancellation);
            var head = await ReadHeadAsync(client);
            Assert.Equal((attempt, $"HTTP/1.1 {status}"), (attempt, head[..12]));
            if (!isChunked || status == 413)
                Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AClientThatGoesOnForEverIsCutOff()
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(
            Ascii($"POST /api/auth_token HTTP/1.1\r\nHost: x\r\n{Json}Content-Length: 1000000000\r\n\r\n"), Cancellation);

        // The server stops reading after a number of bytes or a period of time.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (var sent = 0; sent < 200; sent++)
                await client.GetStream().WriteAsync(s_megabytes, Cancellation);
        });
    }

    [Fact]
    public async Task AClientThatSendsNoMoreIsLetGo()
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(
            Ascii($"POST /api/auth_token HTTP/1.1\r\nHost: x\r\n{Json}Content-Length: 1000000\r\n\r\n"), Cancellation);
        Assert.StartsWith("HTTP/1.1 413", await ReadHeadAsync(client), StringComparison.Ordinal);

        using var rest = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(rest, Cancellation);
        }
        catch (IOException)
        {
            // A reset also ends it.
        }
    }

    [Fact]
    public async Task ASmallBodyDoesNotCostTheConnection()
    {
        using var client = await ConnectAsync();
        for (var request = 1; request <= 3; request++)
        {
            await client.GetStream().WriteAsync(
                Ascii($"POST /api/v2/messages HTTP/1.1\r\nHost: x\r\n{Json}Content-Length: 60000\r\n\r\n{new string('x', 60_000)}"),
                Cancellation);
            var head = await ReadHeadAsync(client);
            Assert.StartsWith("HTTP/1.1 401", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Connection: close", head, StringComparison.OrdinalIgnoreCase);
            await ReadChunkedBodyAsync(client);
        }
    }

    [Fact]
    public async Task AMessageThatIsTooLongDoesNotEither()
    {
        using var registered = new ChatClient(server.Api.Address);
        var user = await registered.RegisterAsync(Cancellation);
        var body = $$"""{"recipient":"{{user.Username}}","message":"{{new string('x', 9000)}}"}""";
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(
            Ascii($"POST /api/v2/messages HTTP/1.1\r\nHost: x\r\n{Json}Idempotency-Key: k\r\nAuthorization: Bearer {user.Token.ToJwt()}\r\n"
                + $"Content-Length: {body.Length}\r\n\r\n{body}"), Cancellation);
        var head = await ReadHeadAsync(client);
        Assert.StartsWith("HTTP/1.1 413", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Connection: close", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ABodyThatComesTooSlowlyIsAnswered408AndSaysThatTheConnectionEnds()
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(
            Ascii($"POST /api/auth_token HTTP/1.1\r\nHost: x\r\n{Json}Content-Length: 100\r\n\r\n{{\"a\""), Cancellation);
        var head = await ReadHeadAsync(client);
        Assert.StartsWith("HTTP/1.1 408", head, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "Content-Length: 100\r\n\r\n{\"a\"")]
    [InlineData(true, "Content-Length: 100\r\n\r\n{\"a\"")]
    [InlineData(false, "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"a\"")]
    [InlineData(true, "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"a\"")]
    [InlineData(false, "Content-Length: 1000000\r\n\r\n{\"a\"")]
    [InlineData(true, "Content-Length: 1000000\r\n\r\n{\"a\"")]
    [InlineData(true, "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n")]
    public async Task AClientThatHangsUpWithinItsBodyIsNoLineInTheLog(bool byReset, string rest)
    {
        foreach (var path in (string[])["/api/auth_token", "/api/register", "/api/v2/messages"])
        {
            using var client = await ConnectAsync();
            await client.GetStream().WriteAsync(Ascii($"POST {path} HTTP/1.1\r\nHost: x\r\n{Json}{rest}"), Cancellation);
            client.LingerState = new LingerOption(byReset, 0);
        }

        // Log entries of those requests are written before those of a later request.
        using (var client = new ChatClient(server.Api.Address))
            await client.GetAsync("/api/inbox", (await client.RegisterAsync(Cancellation)).Token, Cancellation);
        // No worker runs here, and on a busy machine Kestrel logs warnings about its own heartbeat.
        Assert.DoesNotContain(
            Complaint().Matches(server.Api.Output),
            line => !line.Value.Contains("heartbeat", StringComparison.Ordinal) && !line.Value.Contains("No fan-out worker", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", server.Api.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?m)^(warn|fail|crit): .*\n.*$")]
    private static partial Regex Complaint();

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Api.Address.Host, server.Api.Address.Port, Cancellation);
        return client;
    }

    private static async Task<string> ReadHeadAsync(TcpClient client)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await client.GetStream().ReadExactlyAsync(next, Cancellation);
            head.Append((char)next[0]);
        }

        return head.ToString();
    }

    private static async Task ReadChunkedBodyAsync(TcpClient client)
    {
        var body = new StringBuilder();
        var next = new byte[1];
        while (!body.ToString().EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
        {
            await client.GetStream().ReadExactlyAsync(next, Cancellation);
            body.Append((char)next[0]);
        }
    }
}
