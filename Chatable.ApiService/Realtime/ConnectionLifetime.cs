using Chatable.ApiService.Realtime.Handover;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Chatable.ApiService.Realtime;

/// <summary>
/// One client's time on this server: a place in the table of connections and, once there is one, the connection on it. Both are given back
/// at the end.
/// </summary>
internal sealed class ConnectionLifetime(
    ConnectionTable table, Connections connections, SocketTimes times, TimeProvider clock)
{
    /// <summary>Null until it was opened.</summary>
    public Connection? Connection { get; set; }

    /// <summary>After the request, to the end of the connection.</summary>
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

    /// <summary>To be called once, whatever has happened.</summary>
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
