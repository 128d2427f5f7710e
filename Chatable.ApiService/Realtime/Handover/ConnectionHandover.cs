using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>Continues with a connection that HTTP has released. The connection ends when the delegate returns.</summary>
internal delegate Task RunOnTransport(ConnectionContext connection);

/// <summary>
/// Lets a request hand its connection over. When the request has ended, HTTP is done with the connection, and its state becomes garbage. A
/// WebSocket that is open for hours then does not keep its request in memory, about 13 KB. Its frames also bypass the layers of HTTP.
/// </summary>
internal sealed class ConnectionHandover
{
    private RunOnTransport? _run;

    /// <summary>
    /// Returns the handover of the request's connection. Null if the request shares its connection (HTTP/2), or the connection uses TLS.
    /// </summary>
    public static ConnectionHandover? Of(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && context.Features.Get<ITlsConnectionFeature>() is null
            ? context.Features.Get<ConnectionHandover>()
            : null;

    /// <summary>Call this once the connection is upgraded, as the last action of the request.</summary>
    public void To(RunOnTransport run) => _run = run;

    /// <summary>A connection middleware that runs outside HTTP and TLS.</summary>
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

    // A separate method, so that none of its state is kept while the rest runs.
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
