using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Http;

/// <summary>The whole body of a request, of which no more is held than is allowed.</summary>
internal static class RequestBody
{
    public const int MaxBytes = 64 * 1024;

    /// <returns>All of it; to be given back to the reader.</returns>
    /// <exception cref="BadHttpRequestException">It is too large, or does not come.</exception>
    public static async ValueTask<ReadResult> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            throw TooLarge();

        // The server's own limit would end a body of unknown length in a way that nothing can be read after it.
        LiftLimit(request.HttpContext);
        var read = await request.BodyReader.ReadAtLeastAsync(MaxBytes + 1, cancellationToken);
        if (read.Buffer.Length <= MaxBytes)
            return read;
        request.BodyReader.AdvanceTo(read.Buffer.End);
        throw TooLarge();
    }

    /// <summary>From now on whoever reads the body bounds it himself.</summary>
    public static void LiftLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }

    private static BadHttpRequestException TooLarge() =>
        new("The body is too large.", StatusCodes.Status413PayloadTooLarge);
}
