using System.Diagnostics;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime;

/// <summary><c>/api/ws</c>: refuses in the API's envelope, or opens a connection and stays with it until it ends.</summary>
internal static class Handshake
{
    public static async Task Connect(
        HttpContext context, Connections connections, ConnectionTable table, Draining draining, IOptions<RealtimeOptions> options,
        RealtimeMetrics metrics)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            await RefuseAsync(context, metrics, "no_websocket", ApiFailure.ForStatus(StatusCodes.Status426UpgradeRequired));
        else if (!IsAllowed(context.Request, options.Value.AllowedOrigins))
            await RefuseAsync(context, metrics, "origin", ApiFailure.ForStatus(StatusCodes.Status403Forbidden));
        else if (draining.IsDraining)
            await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
        else if (!table.TryReserve())
            await RefuseAsync(context, metrics, "full", ApiFailure.Unavailable);
        else
            await ServeAsync(context, connections, table, draining, options.Value.Times, metrics);
    }

    private static async Task ServeAsync(
        HttpContext context, Connections connections, ConnectionTable table, Draining draining, SocketTimes times,
        RealtimeMetrics metrics)
    {
        // The request's span ends with the socket, hours later perhaps: what happens on it are traces of their own.
        Activity.Current = null;
        try
        {
            var protocol = Subprotocol.Choose(context.WebSockets.WebSocketRequestedProtocols);
            if (await connections.OpenAsync(context.User.Authenticated(), protocol, context.RequestAborted) is not { } connection)
            {
                await RefuseAsync(context, metrics, "not_ready", ApiFailure.Unavailable);
                return;
            }

            try
            {
                // It may have begun in between, and then the drain has not seen this connection.
                if (draining.IsDraining)
                    await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
                else
                    await RunAsync(context, connection, protocol, times, metrics);
            }
            finally
            {
                await connections.EndAsync(connection);
            }
        }
        finally
        {
            table.GiveBack();
        }
    }

    private static async Task RunAsync(
        HttpContext context, Connection connection, ProtocolVersion protocol, SocketTimes times, RealtimeMetrics metrics)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = Subprotocol.Echo(protocol),
            KeepAliveInterval = times.Ping,
            KeepAliveTimeout = times.Pong,
        });
        metrics.Connected();
        try
        {
            await connection.RunAsync(socket);
        }
        finally
        {
            metrics.Disconnected();
        }
    }

    // Exact, as the browser writes it. Without the header it is no browser, and no page can have made it.
    private static bool IsAllowed(HttpRequest request, string[] allowed) =>
        allowed.Length == 0 || request.Headers.Origin.Count == 0
        || (request.Headers.Origin is [{ } origin] && allowed.Contains(origin, StringComparer.Ordinal));

    private static Task RefuseAsync(HttpContext context, RealtimeMetrics metrics, string reason, ApiFailure failure)
    {
        metrics.Refused(reason);
        if (failure.Status == StatusCodes.Status426UpgradeRequired && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "Upgrade";
            context.Response.Headers.Upgrade = "websocket";
        }

        return failure.ExecuteAsync(context);
    }
}
