using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace Chatable.ApiService.Http;

/// <summary>Reads the fields of a body of either content type.</summary>
internal static class FormReader
{
    public const string UrlEncoded = "application/x-www-form-urlencoded";
    public const string Json = "application/json";

    /// <returns>The fields, or the failure to answer.</returns>
    public static async ValueTask<(FormFields? Fields, ApiFailure? Failure)> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Headers.ContentEncoding.Count > 0)
            return (null, ApiFailure.UnsupportedMediaType);

        var read = await RequestBody.ReadAsync(request, cancellationToken);
        try
        {
            return read.Buffer.IsEmpty && request.ContentType is null
                ? (new FormFields(), null)
                : Read(request.ContentType, read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray());
        }
        finally
        {
            request.BodyReader.AdvanceTo(read.Buffer.End);
        }
    }

    private static (FormFields?, ApiFailure?) Read(string? contentType, ReadOnlySpan<byte> body)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !IsUtf8(type))
            return (null, ApiFailure.UnsupportedMediaType);

        var fields = new FormFields();
        if (type.MediaType.Equals(UrlEncoded, StringComparison.OrdinalIgnoreCase))
            return UrlEncodedFields.TryRead(body, fields) ? (fields, null) : (null, Malformed("form"));
        if (type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase))
            return JsonFields.TryRead(body, fields) ? (fields, null) : (null, Malformed("JSON object"));
        return (null, ApiFailure.UnsupportedMediaType);
    }

    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    private static ApiFailure Malformed(string expected) => ApiFailure.UserError($"the body is not a well-formed {expected}");
}
