using System.Net;
using System.Net.NetworkInformation;

namespace Chatable.AppHost;

/// <summary>The ports that are given by settings rather than chosen at the start.</summary>
internal static class Ports
{
    /// <summary>Whether somebody listens at it on this machine. The orchestrator would report that late, and not on the console.</summary>
    public static bool IsTaken(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port);

    /// <summary>
    /// The dashboard's address stands in the launch profile. A second topology beside the first, which has it already, gets another port.
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
