namespace Chatable.Client;

/// <summary>Where the servers are, and how connections to them behave.</summary>
public sealed class ChatableClientOptions
{
    /// <summary>
    /// Addresses of servers, with the scheme http or https, and a path where a gateway wants one (<c>https://host/chat</c>); a client that
    /// loses one goes to the next. Empty where service discovery finds them.
    /// </summary>
    public IList<Uri> Urls { get; } = [];

    /// <summary>One more address: the usual case, a single one for all servers.</summary>
    public Uri? Url { get; set; }

    /// <summary>How connections behave.</summary>
    public ConnectionOptions Connection { get; } = new();

    internal IReadOnlyList<Uri> Servers => Url is null ? [.. Urls] : [Url, .. Urls];

    internal IEnumerable<string> Faults(string section)
    {
        foreach (var server in Servers)
        {
            if (!server.IsAbsoluteUri || (server.Scheme != Uri.UriSchemeHttp && server.Scheme != Uri.UriSchemeHttps))
                yield return $"{section}: the address of a server must begin with http:// or https://.";
            else if (server.Query.Length > 0 || server.Fragment.Length > 0)
                yield return $"{section}: the address of a server must have no query and no fragment.";
        }

        foreach (var fault in Connection.Faults($"{section}:Connection"))
            yield return fault;
    }
}
