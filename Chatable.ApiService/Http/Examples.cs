using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Http;

/// <summary>What an endpoint's document shows: the fields of a body, and an item of the answer's <c>data</c>. JSON.</summary>
internal sealed record ExampleMetadata(string? Body, string? Item);

internal static class Examples
{
    public static TBuilder WithExamples<TBuilder>(this TBuilder endpoint, string? body = null, string? item = null)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ExampleMetadata(body, item));

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var example = context.Description.ActionDescriptor.EndpointMetadata.OfType<ExampleMetadata>().SingleOrDefault();
        foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            media.Example = example?.Body is { } body ? JsonNode.Parse(body) : null;

        foreach (var (status, response) in operation.Responses ?? [])
        {
            foreach (var media in response.Content?.Values ?? [])
            {
                media.Example = JsonNode.Parse(status == Key(StatusCodes.Status200OK)
                    ? SuccessOf(example?.Item)
                    : FailureOf(int.Parse(status, CultureInfo.InvariantCulture)));
            }
        }

        return Task.CompletedTask;
    }

    public static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);

    public static string FailureOf(int status)
    {
        var error = ApiFailure.ForStatus(status).Error;
        var errors = string.Join(",", error.Errors!.Select(pair => $"\"{pair.Key}\":\"{JsonEncodedText.Encode(pair.Value)}\""));
        return $$"""
            {"status":"fail","data":[],"error":{"code":{{Key(error.Code)}},"errors":{{{errors}}},"message":"{{error.Message}}"},
             "page":1,"per_page":10,"current_page":0}
            """;
    }

    private static string SuccessOf(string? item) => $$"""
        {"status":"success","data":[{{item}}],"error":{"code":200,"errors":null,"message":""},
         "page":1,"per_page":10,"current_page":{{(item is null ? 0 : 1)}}}
        """;
}
