using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Http;

/// <summary>Reads the whole body of a request, and never buffers more than allowed.</summary>
internal static class RequestBody
{
    public const int MaxBytes = 64 * 1024;

    /// <returns>The whole body. The caller must return it to the reader.</returns>
    /// <exception cref="BadHttpRequestException">The body is too large, or does not arrive.</exception>
    public static async ValueTask<ReadResult> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            throw TooLarge();

        // The server's own limit would end a body of unknown length, and nothing could be read after it.
        LiftLimit(request.HttpContext);
        var read = await request.BodyReader.ReadAtLeastAsync(MaxBytes + 1, cancellationToken);
        if (read.Buffer.Length <= MaxBytes)
            return read;
        request.BodyReader.AdvanceTo(read.Buffer.End);
        throw TooLarge();
    }

    /// <summary>From now on, the code that reads the body must limit its size.</summary>
    public static void LiftLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }

    private static BadHttpRequestException TooLarge() =>
        new("The body is too large.", StatusCodes.Status413PayloadTooLarge);
}
