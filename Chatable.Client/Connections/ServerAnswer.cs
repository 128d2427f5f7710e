using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Chatable.Client.Connections;

/// <summary>
/// What came back for a request. Whatever stands between here and the server may have answered in its place, with anything: only a body
/// that reads as one of Chatable's is taken for the server's word.
/// </summary>
internal sealed partial class ServerAnswer
{
    /// <summary>More than the longest page of the history. What is longer is no answer of a server.</summary>
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

    /// <summary>A failure, in the words of a Chatable server.</summary>
    /// <param name="Code">What kind of failure it is.</param>
    /// <param name="Errors">What is wrong, by field.</param>
    public sealed record ServerFailure(string Code, IReadOnlyDictionary<string, string> Errors);

    public int Status { get; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether a Chatable server does not take the token.</summary>
    public bool IsUnauthenticated => Status == (int)HttpStatusCode.Unauthorized && Failure is not null;

    /// <summary>Whether a Chatable server does not let this client in.</summary>
    public bool IsForbidden => Status == (int)HttpStatusCode.Forbidden && Failure is not null;

    /// <summary>Null for a success, and for a failure that no Chatable server has told.</summary>
    public ServerFailure? Failure { get; }

    /// <param name="response">Whose body was not read yet.</param>
    /// <param name="server">The address of the server that was asked.</param>
    /// <param name="requested">What was asked for there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The body did not come whole.</exception>
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

    /// <summary>The body of a success.</summary>
    /// <exception cref="ChatApiException">It is a failure, or no answer of a Chatable server.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (!IsSuccess)
            throw Exception();
        try
        {
            // As UTF-8, whatever charset the header names: no server of Chatable's writes another.
            return JsonSerializer.Deserialize(_body.Span, type) ?? throw Exception();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Exception();
        }
    }

    /// <summary>What to throw, where this is not what was asked for.</summary>
    public ChatApiException Exception() => Failure is { } failure
        ? new ChatApiException(Status, failure.Code, failure.Errors)
        : new ChatApiException(Status, BodyStart());

    /// <summary>A link of this answer as a path under the address of any server, with its query.</summary>
    /// <exception cref="ChatApiException">It is no link.</exception>
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

    // For whoever looks into it. JSON of a success may hold a token or a message; anything long may be a token that was sent.
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
