using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Chatable.LocalHosting;

/// <summary>
/// Asks a PostgreSQL server for a session and goes away at its first answer, as pg_isready does: a server that asks for the password
/// accepts connections, one that starts up or shuts down answers with an error.
/// </summary>
internal static class PostgresPing
{
    private const int ProtocolVersion3 = 3 << 16;

    public static async Task<bool> SendAsync(string host, int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(host, port, cancellationToken);
            await client.GetStream().WriteAsync(StartupMessage(), cancellationToken);
            var answer = new byte[1];
            // 'R' authentication request, 'E' error
            return await client.GetStream().ReadAsync(answer, cancellationToken) == 1 && answer[0] == 'R';
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    // int32 length, itself included; int32 version; name\0value\0 …; \0
    private static byte[] StartupMessage()
    {
        var parameters = Encoding.ASCII.GetBytes($"user\0{PostgresServerResource.UserName}\0database\0postgres\0\0");
        var message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), ProtocolVersion3);
        parameters.CopyTo(message, 8);
        return message;
    }
}
