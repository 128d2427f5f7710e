using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Chatable.ServiceDefaults;

internal static class Telemetry
{
    // Every feature names its sources and meters below this, so that none has to be listed here.
    private const string OwnNames = "Chatable.*";

    // ASP.NET Core logs each request, its keys' storage, which nothing here uses, and Npgsql each command at Information;
    // StackExchange.Redis each step of connecting.
    private static readonly (string Category, LogLevel Least)[] s_talkative =
    [
        ("Microsoft.AspNetCore", LogLevel.Warning), ("Microsoft.AspNetCore.DataProtection", LogLevel.Error),
        ("Npgsql", LogLevel.Warning), ("StackExchange.Redis", LogLevel.Warning),
    ];

    /// <summary>Logs, metrics and traces, sent by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Logging.AddConsoleFormatter<PlainConsole, ConsoleFormatterOptions>();
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName ??= PlainConsole.FormatterName);
        Quieten(builder.Services);

        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter(OwnNames)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation())
            .WithTracing(tracing => tracing
                .AddAspNetCoreInstrumentation(requests => requests.Filter = context => !Health.IsProbe(context))
                .AddHttpClientInstrumentation());

        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            builder.Services.AddOpenTelemetry().WithTracing(TraceOwn).UseOtlpExporter();
        else if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_TRACES_SAMPLER"]))
            builder.Services.AddOpenTelemetry().WithTracing(TraceOwn);
        else
            TraceNothing(builder);
    }

    private static void TraceOwn(TracerProviderBuilder tracing) => tracing.AddSource(OwnNames).AddProcessor<RedisRootFilter>();

    // Spans that go nowhere would be a fifth of what a message makes a replica allocate. The sampler alone leaves an empty one for each
    // beginning of a trace, to carry its name on; and the Redis client would go on profiling its commands.
    private static void TraceNothing(IHostApplicationBuilder builder)
    {
        builder.Configuration["Aspire:StackExchange:Redis:DisableTracing"] = "true";
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.SetSampler(new AlwaysOffSampler()));
    }

    // Here and in no file, which may be missing. First in the list of rules, so that any rule of the configuration for them still wins.
    private static void Quieten(IServiceCollection services) =>
        services.PostConfigure<LoggerFilterOptions>(options =>
        {
            foreach (var (category, least) in s_talkative)
                options.Rules.Insert(0, new LoggerFilterRule(providerName: null, category, least, filter: null));
        });

    // A Redis command outside of any activity, such as reading a queue, would be a trace of its own: many each second.
    private sealed class RedisRootFilter : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.ParentSpanId == default && data.Source.Name == "OpenTelemetry.Instrumentation.StackExchangeRedis")
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
