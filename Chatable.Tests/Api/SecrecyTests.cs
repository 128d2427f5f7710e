using System.Collections.Concurrent;
using System.Text;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chatable.Tests.Api;

public sealed class SecrecyTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoTokenPasswordOrSecretReachesALogASpanOrAMetric()
    {
        await using var collector = await Collector.StartAsync();
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            TelemetryTo(collector));
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
        await using var collector = await Collector.StartAsync();
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        (string, string)[] settings = [.. TelemetryTo(collector), ("Logging__LogLevel__Default", "Debug")];
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

    private static (string Key, string Value)[] TelemetryTo(Collector collector) =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_BLRP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];

    /// <summary>Takes telemetry over OTLP and keeps the bytes.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _received = new();

        public string Address => app.Urls.Single();

        public string Text => string.Concat(_received);

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var collector = new Collector(builder.Build());
            await collector.RunAsync();
            return collector;
        }

        public async Task ReceivedAsync(string text)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            while (!Text.Contains(text, StringComparison.Ordinal))
                await Task.Delay(50, patience.Token);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task RunAsync()
        {
            app.Run(async context =>
            {
                using var reader = new StreamReader(context.Request.Body, Encoding.Latin1);
                _received.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
                context.Response.StatusCode = StatusCodes.Status200OK;
            });
            return app.StartAsync(Cancellation);
        }
    }
}
