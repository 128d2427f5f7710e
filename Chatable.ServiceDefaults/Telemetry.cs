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
    // The names of all features' sources and meters begin with this, so none has to be listed here.
    private const string OwnNames = "Chatable.*";

    // At Information, ASP.NET Core logs each request, and Npgsql each command. ASP.NET Core also logs its key storage, which is unused
    // here. StackExchange.Redis logs each step of connecting.
    private static readonly (string Category, LogLevel Least)[] s_talkative =
    [
        ("Microsoft.AspNetCore", LogLevel.Warning), ("Microsoft.AspNetCore.DataProtection", LogLevel.Error),
        ("Npgsql", LogLevel.Warning), ("StackExchange.Redis", LogLevel.Warning),
    ];

    /// <summary>Adds logs, metrics and traces, exported over OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
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

    // Spans that are not exported would cause a fifth of a replica's allocations per message. With the sampler alone, each trace would
    // still create an empty root span, to propagate its context. The Redis client would also go on profiling its commands.
    private static void TraceNothing(IHostApplicationBuilder builder)
    {
        builder.Configuration["Aspire:StackExchange:Redis:DisableTracing"] = "true";
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.SetSampler(new AlwaysOffSampler()));
    }

    // Set in code, because a configuration file may be missing. Inserted first in the list of rules, so that configured rules take
    // precedence.
    private static void Quieten(IServiceCollection services) =>
        services.PostConfigure<LoggerFilterOptions>(options =>
        {
            foreach (var (category, least) in s_talkative)
                options.Rules.Insert(0, new LoggerFilterRule(providerName: null, category, least, filter: null));
        });

    // A Redis command outside any activity, such as reading a queue, would be a trace of its own, many per second.
    private sealed class RedisRootFilter : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.ParentSpanId == default && data.Source.Name == "OpenTelemetry.Instrumentation.StackExchangeRedis")
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
