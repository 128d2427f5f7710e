using Chatable.Messaging;

namespace Chatable.ApiService.Http;

/// <summary>
/// Adds the headers of every response, including the WebSocket handshake's. They are added when the response starts, because an error
/// response first clears the headers set so far.
/// </summary>
internal sealed class ApiHeaders(RequestDelegate next, ServerIdentity server)
{
    public const string Server = "X-Chatable-Server";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state =>
        {
            var (context, name, isApi) = ((HttpContext, string, bool))state;
            var headers = context.Response.Headers;
            headers[Server] = name;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            if (isApi)
            {
                headers.CacheControl = "no-store";
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            }

            return Task.CompletedTask;
        }, (context, server.Name, context.Request.Path.StartsWithSegments("/api")));
        return next(context);
    }
}
