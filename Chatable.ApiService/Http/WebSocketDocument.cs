using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Http;

/// <summary>Describes the WebSocket endpoint as far as OpenAPI can: its handshake. The frames are described in prose.</summary>
internal static class WebSocketDocument
{
    public static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var handshake = new OpenApiOperation
        {
            Summary = "Opens a WebSocket.",
            Description = "Send `{\"author\":\"bob\",\"recipient\":\"alice\",\"message\":\"hello\"}` to send a message. The messages that "
                + "you receive have the same fields, and also `message_type` (0 text, 1 photo) and `created_at`. If the server does not "
                + "accept a frame, it answers `{\"error\":{\"code\":400,\"errors\":{…},\"message\":\"…\"}}`. `/asyncapi.yaml` describes "
                + "the frames of both protocols.",
            Tags = new HashSet<OpenApiTagReference> { new("Realtime", document) },
            Security = [ApiDocument.RequirementOf(document)],
            Parameters =
            [
                new OpenApiParameter
                {
                    Name = "access_token",
                    In = ParameterLocation.Query,
                    Description = "The JWT, for clients that cannot set the Authorization header.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            ],
            Responses = new OpenApiResponses { ["101"] = new OpenApiResponse { Description = "Switching Protocols" } },
        };
        foreach (var status in (int[])[400, 401, 403, 426, 503])
            handshake.Responses[Examples.Key(status)] = Failure(status, document);

        document.Tags ??= new HashSet<OpenApiTag>();
        document.Tags.Add(new OpenApiTag { Name = "Realtime" });
        document.Paths["/api/ws"] = new OpenApiPathItem
        {
            Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Get] = handshake },
        };
        return Task.CompletedTask;
    }

    private static OpenApiResponse Failure(int status, OpenApiDocument document) => new()
    {
        Description = ReasonPhrases.GetReasonPhrase(status),
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new()
            {
                Schema = new OpenApiSchemaReference("ApiEnvelopeOfNoItem", document),
                Example = JsonNode.Parse(Examples.FailureOf(ApiFailure.ForStatus(status))),
            },
        },
    };
}
