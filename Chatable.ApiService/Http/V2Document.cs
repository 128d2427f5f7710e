using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Http;

/// <summary>Adds what is specific to <c>/openapi/v2.json</c>: examples, parameters and problems.</summary>
internal static class V2Document
{
    public const string Name = "v2";

    public static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Chatable",
            Version = Name,
            Description = "Chat for clients that do not use the WebSocket. Failures are problem details (RFC 9457); `code` is the kind of "
                + "failure. `/asyncapi.yaml` describes the WebSocket, `/api/ws` with the subprotocol `chatable.v2`, and its frames. "
                + "To log in and to refresh a token, use v1.",
        };
        return Task.CompletedTask;
    }

    public static Task DescribeOperation(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var parameter in metadata.OfType<ParameterMetadata>())
            Describe(operation, parameter);

        var example = metadata.OfType<V2ExampleMetadata>().SingleOrDefault();
        foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            media.Example = Parse(example?.Body);
        foreach (var (status, response) in operation.Responses ?? [])
        {
            var answer = AnswerOf(int.Parse(status, CultureInfo.InvariantCulture), example);
            foreach (var media in response.Content?.Values ?? [])
                media.Example = answer?.DeepClone();
        }

        return Task.CompletedTask;
    }

    private static void Describe(OpenApiOperation operation, ParameterMetadata metadata)
    {
        operation.Parameters ??= [];
        var parameter = operation.Parameters.OfType<OpenApiParameter>().SingleOrDefault(known => known.Name == metadata.Name);
        if (parameter is null)
            operation.Parameters.Add(parameter = new OpenApiParameter { Name = metadata.Name, In = metadata.In });
        parameter.Required = metadata.IsRequired;
        parameter.Description = metadata.Description;
        parameter.Schema = metadata.Schema;
    }

    private static JsonNode? AnswerOf(int status, V2ExampleMetadata? example) => status switch
    {
        StatusCodes.Status200OK or StatusCodes.Status201Created => Parse(example?.Answer),
        StatusCodes.Status400BadRequest =>
            ToJson(Problem.Invalid(new Dictionary<string, string> { ["limit"] = "is not a number from 1 to 200" })),
        _ => ToJson(Problem.ForStatus(status)),
    };

    private static JsonObject ToJson(Problem problem)
    {
        var (type, title, status, _, code, errors) = problem.Body;
        var json = new JsonObject { ["type"] = type, ["title"] = title, ["status"] = status, ["code"] = code };
        if (errors is not null)
            json["errors"] = new JsonObject(errors.Select(error => KeyValuePair.Create(error.Key, (JsonNode?)error.Value)));
        return json;
    }

    private static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);
}
