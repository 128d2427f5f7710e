using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Api;

public sealed class SecrecyTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoTokenPasswordOrSecretReachesALogASpanOrAMetric()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            collector.Settings);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        var jwt = user.Token.ToJwt();
        await client.LogInAsync(user.Username, user.Password, Cancellation);
        await client.PostAsync("/api/auth_token", new() { ["username"] = user.Username, ["password"] = "wrong-password" }, Cancellation);
        await client.GetAsync("/api/inbox", user.Token, Cancellation);
        await RawHttp.SendAsync(api.Address, $"GET /api/ws?access_token={jwt}", [], Cancellation);
        await RawHttp.SendAsync(api.Address, $"GET /api/ws?access_token={jwt}x", [], Cancellation);
        await client.PostAsync("/api/auth_token/refresh", new() { ["refresh_token"] = user.Token.RefreshToken }, Cancellation);
        await collector.ReceivedAsync("/api/auth_token/refresh");

        var everything = collector.Text + api.Output;
        Assert.Contains("/api/ws", everything, StringComparison.Ordinal);
        foreach (var secret in (string[])
            [jwt, jwt.Split('.')[2], user.Password, "wrong-password", user.Token.SecretAccessKey, user.Token.RefreshToken])
        {
            Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task NoMessageReachesALogASpanOrAMetric()
    {
        const string Text = "meet-me-under-the-clock";
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        (string, string)[] settings = [.. collector.Settings, ("Logging__LogLevel__Default", "Debug")];
        await using var worker = WorkerProcess.Start("w1", database, redis.ConnectionString, "secrecy:", settings);
        using var api = await ApiProcess.StartAsync(
            database, redis.ConnectionString, Cancellation, [.. settings, ("Chatable__KeyPrefix", "secrecy:")]);
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(Cancellation), await client.RegisterAsync(Cancellation));
        await using var bobs = await ChatSocket.ConnectAsync(api.Address, bob.Token, Cancellation);
        await using var alices = await ChatSocket.ConnectAsync(api.Address, alice.Token, Cancellation);
        await bobs.SendAsync(ChatSocket.Frame(null, "Nobody", Text), Cancellation);
        await bobs.SendAsync(alice, Text, Cancellation);
        Assert.Equal(Text, (await alices.ReceiveAsync(Cancellation)).Text("message"));
        Assert.Contains(Text, (await client.GetAsync("/api/inbox", alice.Token, Cancellation)).Data.GetRawText(), StringComparison.Ordinal);
        foreach (var span in (string[])["chatable.accept", "chatable.commit", "chatable.push"])
            await collector.ReceivedAsync(span);

        Assert.DoesNotContain(Text, collector.Text + api.Output + worker.Output, StringComparison.Ordinal);
    }

    /// <summary>Only environment variables are set, and the programs start in another folder, so no settings file is found.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutAnyFileOfSettingsNoServiceTellsASecretHoweverMuchItIsToTell(bool isToTellAll)
    {
        const string Text = "meet-me-under-the-clock";
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        var empty = await postgres.CreateDatabaseAsync(Cancellation);
        var password = new NpgsqlConnectionStringBuilder(empty).Password!;
        (string, string)[] settings =
        [
            ("ConnectionStrings__chatdb", empty), ("ConnectionStrings__redis", redis.ConnectionString),
            ("Chatable__KeyPrefix", $"{Guid.NewGuid():N}:"),
            ("TokenSecrets__Key", "a key of the tests' own, long enough"), ("Passwords__Iterations", "1000"), .. collector.Settings,
            .. isToTellAll ? s_tellAll : [],
        ];
        using var migrations = await ServerProcess.StartAsync(
            FromRoot("Chatable.MigrationService", settings), "Applied 0005", ServerProcess.Terminate, Cancellation);
        Assert.Equal(0, await migrations.WaitForExitAsync(Cancellation));
        using var worker = await ServerProcess.StartAsync(
            FromRoot("Chatable.FanoutWorker", settings), "Application started", ServerProcess.Terminate, Cancellation);
        using var api = await ServerProcess.StartAsync(
            FromRoot("Chatable.ApiService", settings), "Application started", ServerProcess.Terminate, Cancellation);
        var address = new Uri(Regex.Match(api.Output, @"Now listening on: (http://127\.0\.0\.1:\d+)").Groups[1].Value);

        using var client = new ChatClient(address);
        var (bob, alice) = (await client.RegisterAsync(Cancellation), await client.RegisterAsync(Cancellation));
        var jwt = bob.Token.ToJwt();
        await client.LogInAsync(bob.Username, bob.Password, Cancellation);
        foreach (var path in (string[])
            ["/api/ws", "/api/ws/", "/api/inbox", "/api/nothing", "/api/v2/sync", "/health", "/", "/openapi/v1.json"])
        {
            foreach (var method in (string[])["GET", "HEAD", "POST"])
                await RawHttp.SendAsync(address, $"{method} {path}?access_token={jwt}", [], Cancellation);
        }

        // Malformed requests are logged in other places.
        foreach (var line in (string[])
            [$"GET /api/ws?access_token={jwt} HTTP/9", $"GET  /?access_token={jwt} HTTP/1.1", $"G\0T ?access_token={jwt} HTTP/1.1"])
        {
            await RawHttp.SendAsync(address, System.Text.Encoding.Latin1.GetBytes($"{line}\r\nHost: x\r\n\r\n"), Cancellation);
        }

        using (var socket = new ClientWebSocket())
        {
            await socket.ConnectAsync(
                new UriBuilder(ChatSocket.AddressOf(address)) { Query = $"access_token={jwt}" }.Uri, Cancellation);
            await socket.SendAsync(
                System.Text.Encoding.UTF8.GetBytes(ChatSocket.Frame(null, alice.Username, Text)),
                WebSocketMessageType.Text, endOfMessage: true, Cancellation);
            foreach (var span in (string[])["chatable.accept", "chatable.commit", "chatable.push", "chatable.migrate"])
                await collector.ReceivedAsync(span);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        }

        var console = migrations.Output + worker.Output + api.Output;
        Assert.Equal(isToTellAll, console.Contains("Request starting HTTP/1.1 GET", StringComparison.Ordinal));
        var everything = collector.Text + console;
        Assert.Contains("/api/ws", collector.Text, StringComparison.Ordinal);
        foreach (var secret in (string[])
            [jwt, jwt.Split('.')[2], jwt[..40], bob.Password, bob.Token.SecretAccessKey, bob.Token.RefreshToken, Text,
             $"Password={password}"])
        {
            Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("access_token=", everything, StringComparison.Ordinal);
        if (!isToTellAll)
            Assert.DoesNotMatch(@"(?m)^\w{4}: \S+\[\d+\]", console);
    }

    private static readonly (string, string)[] s_tellAll =
    [
        ("Logging__LogLevel__Default", "Trace"), ("Logging__LogLevel__Microsoft.AspNetCore", "Trace"),
        ("Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
        ("Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"),
        ("Logging__Console__LogLevel__Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"),
        ("Logging__LogLevel__Npgsql", "Trace"), ("Logging__LogLevel__StackExchange.Redis", "Trace"),
    ];

    private static ProcessStartInfo FromRoot(string service, IEnumerable<(string, string)> settings)
    {
        var start = ApiProcess.StartInfo(settings);
        for (var i = 0; i < start.ArgumentList.Count; i++)
            start.ArgumentList[i] = start.ArgumentList[i].Replace("Chatable.ApiService", service, StringComparison.Ordinal);
        var folder = start.WorkingDirectory.Replace("Chatable.ApiService", service, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder, "appsettings*"));
        start.WorkingDirectory = "/";
        return start;
    }
}
