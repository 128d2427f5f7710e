using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Chatable.Client.Connections;

/// <summary>
/// The response to a request. Any system between the client and the server may have sent it, with any content. Only a body in Chatable's
/// format is treated as the server's response.
/// </summary>
internal sealed partial class ServerAnswer
{
    /// <summary>More than the longest page of the history. A longer body is not from a Chatable server.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private const string ProblemType = "urn:chatable:problem:";

    private readonly ReadOnlyMemory<byte> _body;
    private readonly Uri _server;
    private readonly Uri _requested;

    private ServerAnswer(HttpStatusCode status, ReadOnlyMemory<byte> body, Uri server, Uri requested)
    {
        Status = (int)status;
        _body = body;
        _server = server;
        _requested = requested;
        Failure = ReadFailure();
    }

    /// <summary>A failure reported by a Chatable server.</summary>
    /// <param name="Code">The kind of failure.</param>
    /// <param name="Errors">The faults by field.</param>
    public sealed record ServerFailure(string Code, IReadOnlyDictionary<string, string> Errors);

    public int Status { get; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether a Chatable server rejected the token.</summary>
    public bool IsUnauthenticated => Status == (int)HttpStatusCode.Unauthorized && Failure is not null;

    /// <summary>Whether a Chatable server refused this client.</summary>
    public bool IsForbidden => Status == (int)HttpStatusCode.Forbidden && Failure is not null;

    /// <summary>Null for a success, and for a failure that is not from a Chatable server.</summary>
    public ServerFailure? Failure { get; }

    /// <param name="response">The response. Its body must be unread.</param>
    /// <param name="server">The address of the server.</param>
    /// <param name="requested">The requested URL.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="IOException">The body was incomplete.</exception>
    public static async Task<ServerAnswer> ReadAsync(
        HttpResponseMessage response, Uri server, Uri requested, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var body = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                if (body.Length + read > MostBytes)
                    return new ServerAnswer(response.StatusCode, default, server, requested);
                body.Write(buffer, 0, read);
            }

            return new ServerAnswer(response.StatusCode, WithoutMark(body.GetBuffer().AsMemory(0, (int)body.Length)), server, requested);
        }
    }

    /// <summary>Parses the body of a success.</summary>
    /// <exception cref="ChatApiException">The response is a failure, or not from a Chatable server.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (!IsSuccess)
            throw Exception();
        try
        {
            // Always UTF-8, whatever charset the header names: Chatable servers use no other.
            return JsonSerializer.Deserialize(_body.Span, type) ?? throw Exception();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Exception();
        }
    }

    /// <summary>Creates the exception for an unexpected response.</summary>
    public ChatApiException Exception() => Failure is { } failure
        ? new ChatApiException(Status, failure.Code, failure.Errors)
        : new ChatApiException(Status, BodyStart());

    /// <summary>Converts a link in this response to a path below any server's address, with its query.</summary>
    /// <exception cref="ChatApiException">The text is not a link.</exception>
    public string PathOf(string link) => Uri.TryCreate(_requested, link, out var target)
        ? ServerAddresses.PathUnder(_server, target)
        : throw Exception();

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;

    private ServerFailure? ReadFailure()
    {
        if (IsSuccess)
            return null;
        try
        {
            using var body = JsonDocument.Parse(_body);
            return body.RootElement.ValueKind == JsonValueKind.Object
                ? ReadEnvelope(body.RootElement) ?? ReadProblem(body.RootElement)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // {"status":"error","data":[],"error":{"code":401,"errors":{"error":"Unauthenticated"},"message":"Authentication error"},…}
    private ServerFailure? ReadEnvelope(JsonElement body) =>
        body.TryGetProperty("error"u8, out var error) && error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty("code"u8, out var code) && code.ValueKind == JsonValueKind.Number
        && code.TryGetInt32(out var status) && status == Status
        && TextOf(error, "message"u8) is { } message
            ? new ServerFailure(message, ErrorsOf(error))
            : null;

    // {"type":"urn:chatable:problem:not_found","title":"…","status":404,"code":"not_found"}
    private static ServerFailure? ReadProblem(JsonElement body) =>
        TextOf(body, "type"u8) is { } type && type.StartsWith(ProblemType, StringComparison.Ordinal) && TextOf(body, "code"u8) is { } code
            ? new ServerFailure(code, ErrorsOf(body))
            : null;

    private static string? TextOf(JsonElement item, ReadOnlySpan<byte> field) =>
        item.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Dictionary<string, string> ErrorsOf(JsonElement failure)
    {
        var errors = new Dictionary<string, string>();
        if (failure.TryGetProperty("errors"u8, out var given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (var error in given.EnumerateObject().Where(error => error.Value.ValueKind == JsonValueKind.String))
                errors[error.Name] = error.Value.GetString()!;
        }

        return errors;
    }

    // For diagnosis. The JSON of a success may contain a token or a message, and any long word may be a token that was sent.
    private string BodyStart()
    {
        const int Most = 80;
        var text = LongWords().Replace(Encoding.UTF8.GetString(_body.Span[..Math.Min(_body.Length, 2 * Most)]).Trim(), "…");
        if (IsSuccess && !text.StartsWith('<'))
            return "";
        return string.Concat(text.Take(Most).Select(letter => char.IsControl(letter) ? ' ' : letter));
    }

    [GeneratedRegex("[A-Za-z0-9_.+/=-]{16,}")]
    private static partial Regex LongWords();
}
