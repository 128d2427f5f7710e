using Microsoft.OpenApi;

namespace Chatable.ApiService.Http;

/// <summary>The description of an endpoint's parameter, for the API document.</summary>
internal sealed record ParameterMetadata(string Name, ParameterLocation In, bool IsRequired, string Description, OpenApiSchema Schema);

/// <summary>An endpoint's request body and successful response in JSON, for the API document.</summary>
internal sealed record V2ExampleMetadata(string Answer, string? Body);

/// <summary>What the endpoints under <c>/api/v2</c> share.</summary>
internal static class V2Endpoints
{
    public static RouteGroupBuilder MapV2(this WebApplication app, string prefix, string tag) =>
        app.MapGroup($"/api/v2{prefix}").WithTags(tag).WithGroupName(V2Document.Name).RequireAuthorization();

    /// <summary>Documents the problems of an endpoint, besides 500 and 503, which every endpoint may return.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in (int[])[.. statuses, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable])
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemBody), [Problem.MediaType]));
        return endpoint;
    }

    public static RouteHandlerBuilder WithV2Examples(this RouteHandlerBuilder endpoint, string answer, string? body = null) =>
        endpoint.WithMetadata(new V2ExampleMetadata(answer, body));

    public static RouteHandlerBuilder WithHeader(this RouteHandlerBuilder endpoint, string name, string description) =>
        endpoint.WithMetadata(new ParameterMetadata(
            name, ParameterLocation.Header, IsRequired: true, description, new OpenApiSchema { Type = JsonSchemaType.String }));

    public static RouteHandlerBuilder WithQuery(
        this RouteHandlerBuilder endpoint, string name, string description, JsonSchemaType type = JsonSchemaType.Integer) =>
        endpoint.WithMetadata(new ParameterMetadata(
            name, ParameterLocation.Query, IsRequired: false, description, new OpenApiSchema { Type = type }));
}
