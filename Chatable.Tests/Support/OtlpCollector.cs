using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chatable.Tests.Support;

/// <summary>Receives telemetry over OTLP and keeps the bytes.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();

    private OtlpCollector(WebApplication app)
    {
        _app = app;
        app.Run(TakeAsync);
    }

    /// <summary>Settings that make a service send everything here without delay.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _app.Urls.Single()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_BLRP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];

    public string Text => string.Concat(_received.Select(one => Encoding.Latin1.GetString(one.Body)));

    public IReadOnlyList<OtlpSpan> Spans =>
        [.. _received.Where(one => one.Path == "/v1/traces").SelectMany(one => OtlpSpan.ReadAll(one.Body))];

    public IReadOnlyList<OtlpMetric> Metrics =>
        [.. _received.Where(one => one.Path == "/v1/metrics").SelectMany(one => OtlpMetric.ReadAll(one.Body))];

    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new OtlpCollector(builder.Build());
        await collector._app.StartAsync(cancellationToken);
        return collector;
    }

    public Task ReceivedAsync(string text) => Eventually.HoldsAsync(
        () => Task.FromResult(Text.Contains(text, StringComparison.Ordinal)), $"'{text}' was received",
        TestContext.Current.CancellationToken, TimeSpan.FromSeconds(60));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        _received.Enqueue((context.Request.Path, body.ToArray()));
        context.Response.StatusCode = StatusCodes.Status200OK;
    }
}
