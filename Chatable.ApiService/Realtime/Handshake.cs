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
/// Serves <c>/api/ws</c>: refuses with the API's error object, or opens a connection. The request ends with the handshake and, if possible,
/// hands its transport over to the socket.
/// </summary>
internal static class Handshake
{
    public static async Task Connect(
        HttpContext context, Connections connections, ConnectionTable table, Draining draining, IOptions<RealtimeOptions> options,
        RealtimeMetrics metrics, TimeProvider clock)
    {
        var times = options.Value.Times;
        if (UpgradeRequest.FaultOf(context) is var fault and not UpgradeFault.None)
            await RefuseAsync(context, metrics, fault);
        else if (!IsAllowed(context.Request, options.Value.AllowedOrigins))
            await RefuseAsync(context, metrics, "origin", ApiFailure.ForStatus(StatusCodes.Status403Forbidden));
        else if (draining.IsDraining)
            await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
        else if (!table.TryReserve())
            await RefuseAsync(context, metrics, "full", ApiFailure.Unavailable);
        else
            await ServeAsync(context, new ConnectionLifetime(table, connections, times, clock), connections, draining, times, metrics);
    }

    private static async Task ServeAsync(
        HttpContext context, ConnectionLifetime lifetime, Connections connections, Draining draining, SocketTimes times, RealtimeMetrics metrics)
    {
        // The request may last as long as the socket, possibly hours, so the socket's events get traces of their own.
        Activity.Current = null;
        var handedOver = false;
        try
        {
            var protocol = Subprotocol.Choose(context.WebSockets.WebSocketRequestedProtocols);
            lifetime.Connection = await connections.OpenAsync(context.User.Authenticated(), protocol, context.RequestAborted);
            if (lifetime.Connection is null)
                await RefuseAsync(context, metrics, "not_ready", ApiFailure.Unavailable);
            // The drain may have begun in the meantime, without this connection.
            else if (draining.IsDraining)
                await RefuseAsync(context, metrics, "draining", ApiFailure.Unavailable);
            else
                handedOver = await AcceptAsync(context, lifetime, Subprotocol.Echo(protocol), times);
        }
        finally
        {
            if (!handedOver)
                await lifetime.EndAsync();
        }
    }

    /// <returns>Whether the connection was handed over, and <paramref name="lifetime"/> continues after the request.</returns>
    private static async Task<bool> AcceptAsync(HttpContext context, ConnectionLifetime lifetime, string? subprotocol, SocketTimes times)
    {
        var handover = ConnectionHandover.Of(context);
        var bytes = await Upgrade.AcceptAsync(context, subprotocol);
        if (handover is not null)
        {
            handover.To(transport => lifetime.RunAsync(transport, subprotocol));
            return true;
        }

        var connection = lifetime.Connection!;
        using var socket = Upgrade.CreateSocket(bytes, subprotocol, times, connection.Pulse, connection.Break, context.Abort);
        await connection.RunAsync(socket);
        return false;
    }

    // Compares exactly, as browsers write the header. A request without the header does not come from a browser, and so not from a web
    // page.
    private static bool IsAllowed(HttpRequest request, string[] allowed) =>
        allowed.Length == 0 || request.Headers.Origin.Count == 0
        || (request.Headers.Origin is [{ } origin] && allowed.Contains(origin, StringComparer.Ordinal));

    private static Task RefuseAsync(HttpContext context, RealtimeMetrics metrics, UpgradeFault fault)
    {
        if (fault == UpgradeFault.Malformed)
            return RefuseAsync(context, metrics, "malformed", ApiFailure.ForStatus(StatusCodes.Status400BadRequest));

        var headers = context.Response.Headers;
        headers.SecWebSocketVersion = UpgradeRequest.Version;
        if (!HttpProtocol.IsHttp2(context.Request.Protocol) && !HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            // Without keep-alive the server would close the connection after the response. The client would not expect that, and would lose
            // its next request.
            headers.Connection = StaysOpen(context.Request) ? "keep-alive, Upgrade" : "close, Upgrade";
            headers.Upgrade = "websocket";
        }

        return RefuseAsync(
            context, metrics, fault == UpgradeFault.Version ? "version" : "no_websocket",
            ApiFailure.ForStatus(StatusCodes.Status426UpgradeRequired));
    }

    private static bool StaysOpen(HttpRequest request) =>
        HttpProtocol.IsHttp11(request.Protocol)
        && !request.Headers.GetCommaSeparatedValues("Connection").Contains("close", StringComparer.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context, RealtimeMetrics metrics, string reason, ApiFailure failure)
    {
        metrics.Refused(reason);
        return failure.ExecuteAsync(context);
    }
}
