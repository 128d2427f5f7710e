using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Http;

/// <summary>
/// An endpoint's examples in the API document: the fields of a body, an item of the response's <c>data</c> in JSON, and a failure.
/// </summary>
internal sealed record ExampleMetadata(string? Body, string? Item, ApiFailure? Fault);

internal static class Examples
{
    public static TBuilder WithExamples<TBuilder>(
        this TBuilder endpoint, string? body = null, string? item = null, ApiFailure? fault = null)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ExampleMetadata(body, item, fault));

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var example = context.Description.ActionDescriptor.EndpointMetadata.OfType<ExampleMetadata>().SingleOrDefault();
        foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            media.Example = example?.Body is { } body ? JsonNode.Parse(body) : null;

        foreach (var (status, response) in operation.Responses ?? [])
        {
            foreach (var media in response.Content?.Values ?? [])
                media.Example = JsonNode.Parse(AnswerOf(int.Parse(status, CultureInfo.InvariantCulture), example));
        }

        return Task.CompletedTask;
    }

    public static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);

    public static string FailureOf(ApiFailure failure)
    {
        var (code, errors, message) = failure.Error;
        var faults = string.Join(",", errors!.Select(pair => $"\"{pair.Key}\":\"{JsonEncodedText.Encode(pair.Value)}\""));
        return $$"""
            {"status":"fail","data":[],"error":{"code":{{Key(code)}},"errors":{{{faults}}},"message":"{{message}}"},
             "page":1,"per_page":10,"current_page":0}
            """;
    }

    private static string AnswerOf(int status, ExampleMetadata? example) => status switch
    {
        StatusCodes.Status200OK => SuccessOf(example?.Item),
        StatusCodes.Status400BadRequest when example?.Fault is { } fault => FailureOf(fault),
        _ => FailureOf(ApiFailure.ForStatus(status)),
    };

    private static string SuccessOf(string? item) => $$"""
        {"status":"success","data":[{{item}}],"error":{"code":200,"errors":null,"message":""},
         "page":1,"per_page":10,"current_page":{{(item is null ? 0 : 1)}}}
        """;
}
