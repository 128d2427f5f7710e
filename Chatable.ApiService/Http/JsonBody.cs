using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace Chatable.ApiService.Http;

/// <summary>The body of a v2 request: uncompressed JSON in UTF-8. Each endpoint parses the bytes itself.</summary>
internal static class JsonBody
{
    public const string MediaType = "application/json";

    public delegate T Read<out T>(ReadOnlySpan<byte> utf8);

    public static bool IsAcceptable(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, Read<T> read, CancellationToken cancellationToken)
    {
        var result = await RequestBody.ReadAsync(request, cancellationToken);
        try
        {
            return read(result.Buffer.IsSingleSegment ? result.Buffer.FirstSpan : result.Buffer.ToArray());
        }
        finally
        {
            request.BodyReader.AdvanceTo(result.Buffer.End);
        }
    }
}
