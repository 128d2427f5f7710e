using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>
/// Reads and discards the remaining body of a refused request. A connection that closes with unread bytes is reset, and the reset can
/// discard the response before the client has read it (RFC 9112, 9.6). HTTP/2 can end a request without its connection.
/// </summary>
internal sealed class RefusedBodies(RequestDelegate next, IOptions<HttpOptions> options, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
            || HttpProtocol.IsHttp2(context.Request.Protocol) || HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            await next(context);
            return;
        }

        context.Response.OnStarting(static context => SayWhetherItEnds((HttpContext)context), context);
        try
        {
            await next(context);
        }
        finally
        {
            // The client has disconnected, perhaps while the application was reading.
            if (context.RequestAborted.IsCancellationRequested)
                ExpectNoMore(context);
        }

        if (IsRefused(context) && !context.RequestAborted.IsCancellationRequested)
            await DiscardAsync(context);
    }

    private static bool IsRefused(HttpContext context) =>
        context.Response.StatusCode >= StatusCodes.Status400BadRequest || IsTooLarge(context.Request);

    private static bool IsTooLarge(HttpRequest request) => request.ContentLength > RequestBody.MaxBytes;

    // The connection stays open for a small body: its rest is not worth a new connection.
    private static Task SayWhetherItEnds(HttpContext context)
    {
        var status = context.Response.StatusCode;
        if (status == StatusCodes.Status408RequestTimeout || IsTooLarge(context.Request)
            || (status == StatusCodes.Status413PayloadTooLarge && context.Request.ContentLength is null))
        {
            context.Response.Headers.Connection = "close";
        }

        return Task.CompletedTask;
    }

    private async Task DiscardAsync(HttpContext context)
    {
        using var timeout = new CancellationTokenSource(options.Value.DiscardTimeout, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            await context.Response.CompleteAsync();
            RequestBody.LiftLimit(context);
            if (!await TryReadOnAsync(context.Request, options.Value.DiscardedBytes, end.Token))
                context.Abort();
        }
        catch (BadHttpRequestException)
        {
            // The client sends nothing more: the server ends the connection after its response.
            ExpectNoMore(context);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client is too slow, or has disconnected, perhaps while the application was reading.
            ExpectNoMore(context);
            context.Abort();
        }
    }

    // After a failed read, the pipe reader believes that a read is still pending. The server would still look for another request, even on
    // an aborted connection, and fail on that reader.
    private static void ExpectNoMore(HttpContext context) =>
        context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    private static async Task<bool> TryReadOnAsync(HttpRequest request, long atMost, CancellationToken cancellationToken)
    {
        while (atMost > 0)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            atMost -= read.Buffer.Length;
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return true;
        }

        return false;
    }
}
