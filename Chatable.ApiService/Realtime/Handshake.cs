using System.Diagnostics;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime.Handover;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime;

/// <summary>
/// <c>/api/ws</c>: refuses in the API's envelope, or opens a connection. The request ends with the
/// handshake and hands its transport over to the socket, where it can.
/// </summary>
internal static class Handshake
{
    public static async Task Connect(
        HttpContext context, Connections connections, ConnectionTable table, Draining draining, IOptions<RealtimeOptions> options,
        RealtimeMetrics metrics, TimeProvider clock)
    {
        var times = options.Value.Times;
        if (!context.WebSockets.IsWebSocketRequest)
            await RefuseAsync(context, metrics, "no_websocket", ApiFailure.ForStatus(StatusCodes.Status426UpgradeRequired));
        else if (!IsAllowed(context.Request, options.Value.AllowedOrigins))
            await RefuseAsync(context, metrics, "origin", ApiFailure.ForStatus(StatusCodes.Status403Forbidden));
        else if (draining.IsDraining)
            await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
        else if (!table.TryReserve())
            await RefuseAsync(context, metrics, "full", ApiFailure.Unavailable);
        else
            await ServeAsync(context, new Stay(table, connections, times, clock), connections, draining, times, metrics);
    }

    private static async Task ServeAsync(
        HttpContext context, Stay stay, Connections connections, Draining draining, SocketTimes times, RealtimeMetrics metrics)
    {
        // Where the request lasts as long as the socket, hours perhaps: what happens on that are traces of their own.
        Activity.Current = null;
        var handedOver = false;
        try
        {
            var protocol = Subprotocol.Choose(context.WebSockets.WebSocketRequestedProtocols);
            stay.Connection = await connections.OpenAsync(context.User.Authenticated(), protocol, context.RequestAborted);
            if (stay.Connection is null)
                await RefuseAsync(context, metrics, "not_ready", ApiFailure.Unavailable);
            // It may have begun in between, and then the drain has not seen this connection.
            else if (draining.IsDraining)
                await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
            else if (ConnectionHandover.Of(context) is { } handover)
            {
                await Upgrade.AcceptAsync(context, Subprotocol.Echo(protocol));
                handover.To(transport => stay.RunAsync(transport, Subprotocol.Echo(protocol)));
                handedOver = true;
            }
            else
            {
                await using var stream = new PulsedStream(
                    await Upgrade.AcceptAsync(context, Subprotocol.Echo(protocol)), stay.Connection.Pulse);
                using var socket = Upgrade.CreateSocket(stream, Subprotocol.Echo(protocol), times);
                await stay.Connection.RunAsync(socket);
            }
        }
        finally
        {
            if (!handedOver)
                await stay.EndAsync();
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
            // Without keep-alive the server would close after it, and the client, not told so, lose its next request.
            context.Response.Headers.Connection = "keep-alive, Upgrade";
            context.Response.Headers.Upgrade = "websocket";
        }

        return failure.ExecuteAsync(context);
    }
}
