using System.Collections.Concurrent;
using System.Diagnostics;
using Chatable.ServiceDefaults;
using Chatable.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Chatable.Tests.Stores.ServiceDefaults;

/// <summary>Redis commands as child spans of the activity that sent them.</summary>
public sealed class RedisSpanTests(RedisServer redis)
{
    private const string RedisSource = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    private static readonly ActivitySource s_source = new("Chatable.RedisSpanTests");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACommandIsASpanBelowItsActivityAndNamesNoKeyOrValue()
    {
        var spans = new Spans();
        using (var host = await StartAsync(spans))
        {
            var database = host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
            await database.StringSetAsync("secret-key", "outside-of-any-activity");
            using (var parent = s_source.StartActivity("parent"))
            {
                spans.TraceId = parent!.TraceId;
                await database.StringSetAsync("secret-key", "secret-value");
            }
            await host.StopAsync(Cancelled);
        }

        // Commands outside any activity may have spans too, each in its own trace: Aspire's package creates them.
        var span = Assert.Single(spans.Ended,
            span => span.Source.Name == RedisSource && span.TraceId == spans.TraceId);
        Assert.Equal("SET", span.DisplayName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.True(span.Duration > TimeSpan.Zero);
        Assert.Equal(redis.ConnectionString, $"{span.GetTagItem("server.address")}:{span.GetTagItem("server.port")}");
        Assert.DoesNotContain(span.TagObjects, tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutAnyoneToSendThemToThereAreNone()
    {
        var spans = new Spans();
        using (var host = await StartAsync(spans, sampler: null))
        {
            using var parent = s_source.StartActivity("parent");
            Assert.Null(parent);
            await host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().StringSetAsync("key", "value");
            await host.StopAsync(Cancelled);
        }

        Assert.Empty(spans.Ended);
    }

    [Fact]
    public async Task SpansAreWrittenWhileTheActivityGoesOn()
    {
        var spans = new Spans();
        using var host = await StartAsync(spans);
        using var parent = s_source.StartActivity("parent that lasts");

        await host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().PingAsync();

        await Eventually.HoldsAsync(
            () => Task.FromResult(spans.Ended.Any(span => span.Source.Name == RedisSource && span.ParentSpanId == parent!.SpanId)),
            "the command's span was written", Cancelled);
    }

    private async Task<IHost> StartAsync(Spans spans, string? sampler = "always_on")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            [new("ConnectionStrings:redis", redis.ConnectionString), new("OTEL_TRACES_SAMPLER", sampler)]);
        builder.AddServiceDefaults();
        builder.AddRedisClient("redis");
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(spans));
        var host = builder.Build();
        await host.StartAsync(Cancelled);
        return host;
    }

    private sealed class Spans : BaseProcessor<Activity>
    {
        public ActivityTraceId TraceId { get; set; }

        public ConcurrentQueue<Activity> Ended { get; } = new();

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }
}
