using System.Reflection;
using Chatable.ApiService.Http;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;
using Microsoft.AspNetCore.Http.Metadata;

namespace Chatable.ApiService.Messages;

/// <summary>The message in a request, or the problem to answer.</summary>
internal sealed class SendRequest : IEndpointParameterMetadataProvider
{
    public const string KeyHeader = "Idempotency-Key";

    private SendRequest(ClientId key, V2PostedMessage message, Problem? problem) => (Key, Message, Problem) = (key, message, problem);

    public ClientId Key { get; }

    public V2PostedMessage Message { get; }

    public Problem? Problem { get; }

    public static async ValueTask<SendRequest> BindAsync(HttpContext context)
    {
        var limit = context.RequestServices.GetRequiredService<MessageLimit>().Bytes;
        if (!JsonBody.IsAcceptable(context.Request))
            return new SendRequest(default, default, Problem.Unsupported);

        var faults = new FieldFaults();
        var key = ReadKey(context.Request, faults);
        var message = await JsonBody.ReadAsync(
            context.Request, body => V2PostedMessage.Read(body, limit, faults), context.RequestAborted);
        return new SendRequest(key, message, faults.Any ? ProblemOf(faults) : null);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([JsonBody.MediaType], typeof(NewMessage)));

    private static ClientId ReadKey(HttpRequest request, FieldFaults faults)
    {
        var values = request.Headers[KeyHeader];
        if (values.Count == 0)
            faults.Add(KeyHeader, FieldFaults.Required);
        else if (values.Count > 1)
            faults.Add(KeyHeader, FieldFaults.Repeated);
        else if (!ClientId.TryParse(Unquote(values[0]), out var key))
            faults.Add(KeyHeader, "is not 1 to 64 of A-Z, a-z, 0-9, _ and -");
        else
            return key;
        return default;
    }

    // As a string of the structured fields format (RFC 9651), the key is in quotes.
    private static string? Unquote(string? text) =>
        text is ['"', _, .., '"'] ? text[1..^1] : text;

    private static Problem ProblemOf(FieldFaults faults) =>
        faults.IsOnly("message", FieldFaults.TooLong) ? Problem.MessageTooLarge
        : faults.IsOnly("message", FieldFaults.Empty) ? Problem.MessageEmpty
        : Problem.Invalid(faults.ToDictionary());
}
