using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Chatable.LocalHosting;

/// <summary>Ports for servers and replicas.</summary>
internal static class FreePorts
{
    // Below the range from which systems take the ports of outgoing connections (Linux: 32768 and up), so that nothing but another
    // listener can take a port between its choice here and the child's listening on it.
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly Lock s_lock = new();
    private static readonly HashSet<int> s_given = [];

    public static int Take()
    {
        lock (s_lock)
        {
            for (var attempt = 0; attempt < 1_000; attempt++)
            {
                var port = RandomNumberGenerator.GetInt32(First, Last);
                if (IsFree(port) && s_given.Add(port))
                    return port;
            }
        }

        throw new DistributedApplicationException("No free port was found on the loopback address.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
