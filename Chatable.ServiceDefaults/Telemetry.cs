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

    private static readonly string[] s_talkativeClients = ["Npgsql", "StackExchange.Redis"];

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
        QuietenClients(builder.Services);

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

    // Npgsql logs every command at Information, StackExchange.Redis every step of connecting. First in the list of rules, so that any rule
    // of the configuration for them still wins.
    private static void QuietenClients(IServiceCollection services) =>
        services.PostConfigure<LoggerFilterOptions>(options =>
        {
            foreach (var client in s_talkativeClients)
                options.Rules.Insert(0, new LoggerFilterRule(providerName: null, client, LogLevel.Warning, filter: null));
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
