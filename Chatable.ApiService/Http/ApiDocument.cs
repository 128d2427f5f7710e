using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Chatable.ApiService.Http;

/// <summary>
/// Describes the API for machines (<c>/openapi/v1.json</c>, <c>/openapi/v2.json</c>) and, in development, for people (<c>/scalar</c>).
/// </summary>
internal static class ApiDocument
{
    private const string Scheme = "accessKey";
    private const string ServerPlace = "urn:server";

    private static readonly string[] s_names = ["v1", V2Document.Name];

    public static void AddApiDocument(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenApi("v1", options =>
        {
            options.ShouldInclude = endpoint => endpoint.GroupName is null;
            options.AddDocumentTransformer(Describe);
            options.AddDocumentTransformer(DescribeScheme);
            options.AddDocumentTransformer(WebSocketDocument.Describe);
            options.AddOperationTransformer(DescribeAuthorization);
            options.AddOperationTransformer(DescribePage);
            options.AddOperationTransformer(Examples.Describe);
        });
        builder.Services.AddOpenApi(V2Document.Name, options =>
        {
            options.ShouldInclude = endpoint => endpoint.GroupName == V2Document.Name;
            options.AddDocumentTransformer(V2Document.Describe);
            options.AddDocumentTransformer(DescribeScheme);
            options.AddOperationTransformer(DescribeAuthorization);
            options.AddOperationTransformer(V2Document.DescribeOperation);
        });
    }

    public static void MapApiDocument(this WebApplication app)
    {
        foreach (var name in s_names)
            app.MapDocument(name);
        app.MapAsyncApi();
        if (app.Environment.IsDevelopment())
            app.MapScalarApiReference(options => options.WithTitle("Chatable").AddDocuments(s_names));
    }

    private static void MapDocument(this WebApplication app, string name)
    {
        // Created on the first request, when all endpoints are mapped.
        var document = new Lazy<Task<ServedDocument>>(() => MakeAsync(app.Services, name));
        app.MapGet($"/openapi/{name}.json", async context => await (await document.Value).AnswerAsync(context))
            .ExcludeFromDescription();
    }

    private static async Task<ServedDocument> MakeAsync(IServiceProvider services, string name)
    {
        var provider = services.GetRequiredKeyedService<IOpenApiDocumentProvider>(name);
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        document.Servers = [new OpenApiServer { Url = ServerPlace }];
        return new ServedDocument(
            await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1), $"\"{ServerPlace}\"", "application/json;charset=utf-8",
            request => $"\"{JsonEncodedText.Encode(UriHelper.BuildAbsolute(request.Scheme, request.Host, request.PathBase))}\"");
    }

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Chatable",
            Version = "v1",
            Description = "Chat over REST and a WebSocket. Every response has the same envelope. Its `error.code` is the HTTP status.",
        };
        return Task.CompletedTask;
    }

    private static Task DescribeScheme(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "A JWT that the client makes itself: HS256, signed with the text of `secret_access_key`. Its header contains "
                + "`access_key`, which is the `access_key_id`. The claims are up to the client; `exp` and `nbf` are enforced if present.",
        };
        return Task.CompletedTask;
    }

    private static Task DescribeAuthorization(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Any())
            operation.Security = [RequirementOf(context.Document)];
        return Task.CompletedTask;
    }

    internal static OpenApiSecurityRequirement RequirementOf(OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] };

    private static Task DescribePage(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var page in operation.Parameters?.OfType<OpenApiParameter>().Where(p => p.Name == "page") ?? [])
        {
            page.Description =
                $"The page number, from 1. A page has {PageNumber.PerPage} rows. Anything that is not a positive number counts as 1.";
            page.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "1", Default = 1 };
        }

        return Task.CompletedTask;
    }
}
