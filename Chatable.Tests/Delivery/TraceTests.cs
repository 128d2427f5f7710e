using Chatable.Messaging.Telemetry;
using Chatable.Tests.Api;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

public sealed class TraceTests(PostgresServer postgres, RedisServer redis)
{
    private const string Prefix = "trace:";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneMessageIsOneTraceFromItsSendersServerThroughTheWorkerToItsRecipientsServer()
    {
        await using var collector = await OtlpCollector.StartAsync(Token);
        var database = await postgres.CreateMigratedDatabaseAsync(Token);
        await using var worker = WorkerProcess.Start("worker", database, redis.ConnectionString, Prefix, collector.Settings);
        using var senders = await StartApiAsync("senders", database, collector);
        using var recipients = await StartApiAsync("recipients", database, collector);
        using var client = new ChatClient(senders.Address);
        var (bob, alice) = (await client.RegisterAsync(Token), await client.RegisterAsync(Token));
        await using var bobs = await ChatSocket.ConnectAsync(senders.Address, bob.Token, Token);
        await using var alices = await ChatSocket.ConnectAsync(recipients.Address, alice.Token, Token);
        await bobs.SendAsync(alice, "one", Token);
        await bobs.SendAsync(alice, "two", Token);
        Assert.Equal("one", (await alices.ReceiveAsync(Token)).Text("message"));
        Assert.Equal("two", (await alices.ReceiveAsync(Token)).Text("message"));

        // Three processes export their spans independently, so a push may arrive before its parent span.
        (string Name, string Instance)[] expected =
        [
            (TelemetryNames.AcceptSpan, "senders"), (TelemetryNames.CommitSpan, "worker"), (TelemetryNames.PushSpan, "recipients"),
            (TelemetryNames.PushSpan, "senders"),
        ];
        await Eventually.HoldsAsync(
            () => Task.FromResult(expected.All(span => SpansOf(span.Name, span.Instance).Length == 2)), "every span was exported", Token);
        var spans = collector.Spans.ToDictionary(span => span.SpanId);
        var pushes = SpansOf(TelemetryNames.PushSpan, "recipients");
        foreach (var push in pushes)
        {
            var commit = spans[push.ParentSpanId];
            Assert.Equal((TelemetryNames.CommitSpan, "worker", push.TraceId), (commit.Name, commit.Instance, commit.TraceId));
            var accept = spans[commit.ParentSpanId];
            Assert.Equal((TelemetryNames.AcceptSpan, "senders", push.TraceId), (accept.Name, accept.Instance, accept.TraceId));
            Assert.Equal("", accept.ParentSpanId);
        }

        Assert.Equal(2, pushes.Select(push => push.TraceId).Distinct().Count());

        OtlpSpan[] SpansOf(string name, string instance) =>
            [.. collector.Spans.Where(span => span.Name == name && span.Instance == instance)];
    }

    [Fact]
    public async Task AHealthProbeAndWhatItAsksTheStoresLeaveNoSpan()
    {
        await using var collector = await OtlpCollector.StartAsync(Token);
        // The AppHost sets this sampler. With always_on, a probe's calls to the stores would be recorded although the probe is not.
        using var api = await StartApiAsync(
            "api", await postgres.CreateMigratedDatabaseAsync(Token), collector, ("OTEL_TRACES_SAMPLER", "parentbased_always_on"));
        using var client = new ChatClient(api.Address);
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(api.Address, "/health"), Token));

        await client.RegisterAsync(Token);

        await Eventually.HoldsAsync(
            () => Task.FromResult(collector.Spans.Any(span => span.Name == "POST /api/register")), "the request after it was exported", Token);
        Assert.DoesNotContain(collector.Spans, span => span.Name == "PING");
    }

    private Task<ApiProcess> StartApiAsync(
        string instance, string database, OtlpCollector collector, params (string, string)[] settings) => ApiProcess.StartAsync(
        database, redis.ConnectionString, Token,
        [.. collector.Settings, .. settings, ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance}"), ("Chatable__KeyPrefix", Prefix)]);
}
