namespace Chatable.Client.Connections;

/// <summary>
/// The addresses of servers. A caller that finds a server unavailable calls <see cref="MoveOn"/>, and all callers then use the next one.
/// </summary>
/// <param name="find">Returns all known addresses. Called each time, because they change.</param>
internal sealed class ServerAddresses(Func<CancellationToken, ValueTask<IReadOnlyList<Uri>>> find)
{
    private const string Api = "/api/";

    // A random start, so that clients that start together do not all begin with the same server.
    private uint _index = (uint)Random.Shared.Next();

    public static ServerAddresses Of(IReadOnlyList<Uri> servers) => new(_ => ValueTask.FromResult(servers));

    /// <summary>Returns the URL of an API path at a server, whose address may have a path of its own: <c>https://host/chat</c>.</summary>
    public static Uri At(Uri server, string path) => new($"{server.GetLeftPart(UriPartial.Authority)}{PrefixOf(server)}{path}");

    /// <summary>
    /// The reverse: returns the API path, with its query, of a URL at a server. A server behind a gateway may or may not know the gateway's
    /// path; its host is never the gateway's.
    /// </summary>
    public static string PathUnder(Uri server, Uri target)
    {
        var (path, prefix) = (target.PathAndQuery, PrefixOf(server));
        return path.StartsWith($"{prefix}{Api}", StringComparison.Ordinal) ? path[prefix.Length..] : path;
    }

    /// <summary>Returns an address with the scheme http or https.</summary>
    /// <exception cref="HttpRequestException">No address is known.</exception>
    public async ValueTask<Uri> GetAsync(CancellationToken cancellationToken)
    {
        var servers = await find(cancellationToken).ConfigureAwait(false);
        return servers.Count > 0
            ? servers[(int)(Volatile.Read(ref _index) % (uint)servers.Count)]
            : throw new HttpRequestException("No address of a Chatable server is known.");
    }

    public void MoveOn() => Interlocked.Increment(ref _index);

    private static string PrefixOf(Uri server) => server.AbsolutePath.TrimEnd('/');
}
