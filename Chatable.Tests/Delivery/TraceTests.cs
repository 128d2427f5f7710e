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

        await Eventually.HoldsAsync(
            () => Task.FromResult(PushesAt("recipients").Length == 2 && PushesAt("senders").Length == 2), "every push was exported", Token);
        var spans = collector.Spans.ToDictionary(span => span.SpanId);
        foreach (var push in PushesAt("recipients"))
        {
            var commit = spans[push.ParentSpanId];
            Assert.Equal((TelemetryNames.CommitSpan, "worker", push.TraceId), (commit.Name, commit.Instance, commit.TraceId));
            var accept = spans[commit.ParentSpanId];
            Assert.Equal((TelemetryNames.AcceptSpan, "senders", push.TraceId), (accept.Name, accept.Instance, accept.TraceId));
            Assert.Equal("", accept.ParentSpanId);
        }

        Assert.Equal(2, PushesAt("recipients").Select(push => push.TraceId).Distinct().Count());

        OtlpSpan[] PushesAt(string instance) =>
            [.. collector.Spans.Where(span => span.Name == TelemetryNames.PushSpan && span.Instance == instance)];
    }

    private Task<ApiProcess> StartApiAsync(string instance, string database, OtlpCollector collector) => ApiProcess.StartAsync(
        database, redis.ConnectionString, Token,
        [.. collector.Settings, ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance}"), ("Chatable__KeyPrefix", Prefix)]);
}
