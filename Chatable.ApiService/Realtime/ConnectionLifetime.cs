using Chatable.ApiService.Realtime.Handover;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Chatable.ApiService.Realtime;

/// <summary>
/// One client's time on this server: a reserved place in the connection table and, once opened, its connection. Both are released at the
/// end.
/// </summary>
internal sealed class ConnectionLifetime(
    ConnectionTable table, Connections connections, SocketTimes times, TimeProvider clock)
{
    /// <summary>Null until the connection was opened.</summary>
    public Connection? Connection { get; set; }

    /// <summary>Runs after the request, until the connection ends.</summary>
    public async Task RunAsync(ConnectionContext transport, string? subprotocol)
    {
        try
        {
            using var socket = Upgrade.CreateSocket(transport, subprotocol, times, Connection!.Pulse, Connection.Break);
            await Connection.RunAsync(socket);
        }
        finally
        {
            await EndAsync();
        }

        await Upgrade.FinishAsync(transport, times.Close, clock);
    }

    /// <summary>Must be called exactly once, whatever happens.</summary>
    public async Task EndAsync()
    {
        try
        {
            if (Connection is { } connection)
                await connections.EndAsync(connection);
        }
        finally
        {
            table.GiveBack();
        }
    }
}
