using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace Chatable.Client.Connections;

/// <summary>Servers found by service discovery under a name.</summary>
internal static class DiscoveredServers
{
    public static ServerAddresses Of(ServiceEndpointResolver resolver, string name) => new(async cancellationToken =>
    {
        var found = await resolver.GetEndpointsAsync($"https+http://{name}", cancellationToken).ConfigureAwait(false);
        return [.. found.Endpoints.Select(endpoint => AddressOf(endpoint.EndPoint)).OfType<Uri>()];
    });

    // Endpoints without a scheme use https, like service discovery for HTTP.
    private static Uri? AddressOf(EndPoint endpoint) => endpoint switch
    {
        UriEndPoint uri => uri.Uri,
        DnsEndPoint dns => new UriBuilder(Uri.UriSchemeHttps, dns.Host, dns.Port == 0 ? -1 : dns.Port).Uri,
        IPEndPoint ip => new UriBuilder(Uri.UriSchemeHttps, ip.Address.ToString(), ip.Port == 0 ? -1 : ip.Port).Uri,
        _ => null,
    };
}
