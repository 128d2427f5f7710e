using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>
/// Reads and throws away what a refused request still sends: a connection that ends with unread bytes is reset, and the reset takes the
/// answer away from a client that has not read it yet (RFC 9112, 9.6). HTTP/2 can end a request without its connection.
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
            // The client has gone, perhaps while the application read.
            if (context.RequestAborted.IsCancellationRequested)
                ExpectNoMore(context);
        }

        if (IsRefused(context) && !context.RequestAborted.IsCancellationRequested)
            await DiscardAsync(context);
    }

    private static bool IsRefused(HttpContext context) =>
        context.Response.StatusCode >= StatusCodes.Status400BadRequest || IsTooLarge(context.Request);

    private static bool IsTooLarge(HttpRequest request) => request.ContentLength > RequestBody.MaxBytes;

    // The rest of a small body is not worth a connection.
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
            // The client does not send on: the server ends the connection, after its answer.
            ExpectNoMore(context);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // Too slow, or the client has gone; or it had gone already while the application read.
            ExpectNoMore(context);
            context.Abort();
        }
    }

    // A read that failed leaves the reader in the belief that it still reads. The server would look for a next request all the same, even on
    // a connection that was aborted, and complain of that reader.
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
