namespace Chatable.ApiService.Http;

/// <summary>
/// Answers HEAD like GET, with status and headers but without the body (RFC 9110, 9.3.2). Later middlewares see a GET, and Kestrel omits
/// the body.
/// </summary>
internal static class HeadRequests
{
    /// <summary>Must be called before routing.</summary>
    public static void UseHeadRequests(this WebApplication app) => app.Use(next => context => AnswerAsync(context, next));

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!HttpMethods.IsHead(request.Method))
        {
            await next(context);
        }
        else
        {
            request.Method = HttpMethods.Get;
            // A HEAD request cannot become a WebSocket, and a server may ignore an upgrade.
            request.Headers.Upgrade = default;
            try
            {
                await next(context);
            }
            finally
            {
                // Logs and metrics must report the original method.
                request.Method = HttpMethods.Head;
            }
        }

        if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false } response)
            response.Headers.Allow = WithHead(response.Headers.Allow.ToString());
    }

    private static string WithHead(string allowed)
    {
        var methods = allowed.Split(", ");
        return methods.Contains(HttpMethods.Get)
            ? string.Join(", ", methods.Append(HttpMethods.Head).Order(StringComparer.Ordinal))
            : allowed;
    }
}
