using System.Net;
using System.Net.NetworkInformation;

namespace Chatable.AppHost;

/// <summary>The ports that are set in the configuration, not chosen at startup.</summary>
internal static class Ports
{
    /// <summary>
    /// Whether a local program is listening on the port. The orchestrator would report that late, and not on the console.
    /// </summary>
    public static bool IsTaken(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port);

    /// <summary>
    /// The launch profile sets the dashboard's address. A second topology gets another port, because the first one already uses it.
    /// </summary>
    public static void MoveDashboardIfTaken()
    {
        var addresses = (Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < addresses.Length; i++)
        {
            if (Uri.TryCreate(addresses[i], UriKind.Absolute, out var address) && IsTaken(address.Port))
                addresses[i] = new UriBuilder(address) { Port = Free() }.Uri.GetLeftPart(UriPartial.Authority);
        }

        if (addresses.Length > 0)
            Environment.SetEnvironmentVariable("ASPNETCORE_URLS", string.Join(';', addresses));
    }

    private static int Free()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
