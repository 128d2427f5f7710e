using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chatable.Messaging;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chatable.ApiService.Http;

/// <summary>Configures what applies to every response: limits, headers, v1's JSON, and error responses.</summary>
internal static class ApiHttp
{
    private static readonly TimeSpan s_requestHeadersTimeout = TimeSpan.FromSeconds(10);

    public static void AddApiHttp(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<HttpOptions, HttpOptionsValidator>(HttpOptions.Section)
            .ValidateAll(options => options.Faults());
        builder.AddHiddenQueries();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(ServerIdentity.Create(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]));
        builder.Services.AddExceptionHandler<ApiExceptionHandler>();
        // Kestrel asks the factory that was registered last first.
        builder.Services.AddSingleton<IConnectionListenerFactory, BoundedListeners>();
        builder.Services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = RequestBody.MaxBytes;
            options.Limits.RequestHeadersTimeout = s_requestHeadersTimeout;
            FileDescriptors.OfThisProcess.Bound(options.Limits);
        });
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            // Responses are application/json and never part of a page, so users' texts can stay readable UTF-8.
            options.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            options.SerializerOptions.Converters.Add(new TimestampConverter());
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, HttpJson.Default);
        });
        builder.AddApiDocument();
    }

    public static void UseApiHttp(this WebApplication app)
    {
        app.UseHiddenQueries();
        app.UsePathPrefix();
        app.UseMiddleware<ApiHeaders>();
        app.UseMiddleware<RefusedBodies>();
        app.UseExceptionHandler(static _ => { });
        app.UseStatusCodePages(static context =>
            context.HttpContext.Request.Path.StartsWithSegments("/api")
                ? ApiFailure.ForStatus(context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext)
                : Task.CompletedTask);
        app.UseHeadRequests();
        // Without this call, routing would run before these middlewares, on the unmodified request.
        app.UseRouting();
    }

    /// <summary>Documents the failures of an endpoint in the API document, besides 500 and 503, which every endpoint may return.</summary>
    public static TBuilder ProducesFailures<TBuilder>(this TBuilder endpoint, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in (int[])[.. statuses, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable])
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ApiEnvelope<NoItem>), ["application/json"]));
        return endpoint;
    }
}
