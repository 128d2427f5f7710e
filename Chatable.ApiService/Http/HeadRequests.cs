namespace Chatable.ApiService.Http;

/// <summary>
/// Answers HEAD as GET, status and headers, without the body (RFC 9110, 9.3.2): what is below sees a GET, and Kestrel leaves the body out.
/// </summary>
internal static class HeadRequests
{
    /// <summary>To stand before the routing.</summary>
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
            // It cannot become a WebSocket, and an upgrade may be ignored.
            request.Headers.Upgrade = default;
            try
            {
                await next(context);
            }
            finally
            {
                // Logs and metrics tell the one that came.
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
