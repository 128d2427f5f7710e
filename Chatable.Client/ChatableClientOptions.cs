namespace Chatable.Client;

/// <summary>The server addresses, and the settings of connections.</summary>
public sealed class ChatableClientOptions
{
    /// <summary>
    /// Server addresses, with the scheme http or https, and a path if a gateway needs one (<c>https://host/chat</c>). A client that loses
    /// one server tries the next. Leave empty to use service discovery.
    /// </summary>
    public IList<Uri> Urls { get; } = [];

    /// <summary>One more address. Usually the only one, shared by all servers.</summary>
    public Uri? Url { get; set; }

    /// <summary>The settings of connections.</summary>
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
