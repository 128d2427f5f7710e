using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>Section <c>Http</c>: how clients reach the API, and how it refuses bodies.</summary>
internal sealed class HttpOptions
{
    public const string Section = "Http";

    /// <summary>
    /// The path under which a proxy publishes this server, such as <c>/chat</c>. Empty if there is none. Requests are accepted with and
    /// without it, and links always contain it.
    /// </summary>
    public string PathBase { get; set; } = "";

    /// <summary>
    /// The proxies, by address (<c>10.0.0.4</c>) or network (<c>10.0.0.0/8</c>), whose <c>X-Forwarded-Prefix</c>, <c>-Host</c>,
    /// <c>-Proto</c> and <c>-For</c> headers are trusted. None by default, because clients can write these headers, too.
    /// </summary>
    public string[] KnownProxies { get; set; } = [];

    /// <summary>
    /// How much of a refused request's body is read and discarded, so that the client can read the response before the connection ends.
    /// </summary>
    [Range(0d, 1024d * 1024 * 1024)]
    public long DiscardedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The time limit for discarding a body.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan DiscardTimeout { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Faults() =>
    [
        .. PathBase.Length == 0 || IsPath(PathBase)
            ? (string[])[] : [$"{Section}:PathBase must begin with a slash and not end with one."],
        .. KnownProxies.Where(proxy => !TryParse(proxy, out _)).Select(
            proxy => $"{Section}:KnownProxies must be addresses or networks, and '{proxy}' is neither."),
    ];

    /// <summary>Returns the proxies as networks. A single address becomes a network of one.</summary>
    public IEnumerable<IPNetwork> KnownNetworks() =>
        KnownProxies.Select(proxy => TryParse(proxy, out var network) ? network : throw new FormatException(proxy));

    private static bool IsPath(string path) =>
        path.StartsWith('/') && !path.EndsWith('/') && !path.Contains("//", StringComparison.Ordinal)
        && Uri.IsWellFormedUriString(path, UriKind.Relative) && path.IndexOfAny(['?', '#']) < 0;

    private static bool TryParse(string proxy, out IPNetwork network)
    {
        if (IPNetwork.TryParse(proxy, out network))
            return true;
        if (!IPAddress.TryParse(proxy, out var address))
            return false;
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }
}

[OptionsValidator]
internal sealed partial class HttpOptionsValidator : IValidateOptions<HttpOptions>;
