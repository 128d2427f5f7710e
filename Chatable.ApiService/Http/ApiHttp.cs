using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chatable.Messaging;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chatable.ApiService.Http;

/// <summary>What holds for every answer: limits, headers, the JSON of v1, and failures in its envelope.</summary>
internal static class ApiHttp
{
    private static readonly TimeSpan s_requestHeadersTimeout = TimeSpan.FromSeconds(10);

    public static void AddApiHttp(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<HttpOptions>(HttpOptions.Section, options => options.Faults());
        builder.AddHiddenQueries();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(ServerIdentity.Create(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]));
        builder.Services.AddExceptionHandler<ApiExceptionHandler>();
        // The one that is registered last is the one that Kestrel asks first.
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
            // Answers are application/json and never part of a page, so people's texts stay readable UTF-8.
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
        // Else it would stand before all of these, and see the request as it came.
        app.UseRouting();
    }

    /// <summary>Says in the API's document which failures an endpoint answers, besides the 500 and 503 that each of them may.</summary>
    public static TBuilder ProducesFailures<TBuilder>(this TBuilder endpoint, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in (int[])[.. statuses, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable])
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ApiEnvelope<NoItem>), ["application/json"]));
        return endpoint;
    }
}
