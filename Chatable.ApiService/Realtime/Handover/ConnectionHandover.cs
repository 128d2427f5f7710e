using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>What goes on with a connection that HTTP has left; the connection ends when it returns.</summary>
internal delegate Task RunOnTransport(ConnectionContext connection);

/// <summary>
/// Lets a request leave its connection to something else: when the request has ended, HTTP is done with the connection and what it held
/// for it is garbage. A WebSocket that is open for hours then costs neither the memory of the request it began with, some 13 KB, nor the
/// way of each frame through the layers of HTTP.
/// </summary>
internal sealed class ConnectionHandover
{
    private RunOnTransport? _run;

    /// <summary>
    /// That of the request's connection; null where HTTP does not have the connection for itself (HTTP/2), or TLS stands in between.
    /// </summary>
    public static ConnectionHandover? Of(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && context.Features.Get<ITlsConnectionFeature>() is null
            ? context.Features.Get<ConnectionHandover>()
            : null;

    /// <summary>To be called once the connection is upgraded, and the last thing the request does.</summary>
    public void To(RunOnTransport run) => _run = run;

    /// <summary>A connection middleware, outside of HTTP and of TLS.</summary>
    public static ConnectionDelegate Middleware(ConnectionDelegate http) => async connection =>
    {
        var handover = new ConnectionHandover();
        try
        {
            await ServeAsync(http, connection, handover);
        }
        finally
        {
            if (handover._run is { } run)
                await run(connection);
        }
    };

    // Apart, so that nothing of it is kept while the rest runs.
    private static async Task ServeAsync(ConnectionDelegate http, ConnectionContext connection, ConnectionHandover handover)
    {
        var phase = new HttpPhase(connection);
        phase.Features.Set(handover);
        try
        {
            await http(phase);
        }
        finally
        {
            phase.End();
        }
    }
}
