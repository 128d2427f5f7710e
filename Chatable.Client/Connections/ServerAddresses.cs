namespace Chatable.Client.Connections;

/// <summary>
/// Where servers are. Whoever finds that one does not answer says so, and everybody is sent to the next.
/// </summary>
/// <param name="find">All that are known now; asked each time, since they come and go.</param>
internal sealed class ServerAddresses(Func<CancellationToken, ValueTask<IReadOnlyList<Uri>>> find)
{
    private const string Api = "/api/";

    // Clients that start together do not all begin with the same server.
    private uint _index = (uint)Random.Shared.Next();

    public static ServerAddresses Of(IReadOnlyList<Uri> servers) => new(_ => ValueTask.FromResult(servers));

    /// <summary>A path of the API at a server, whose address may have a path of its own: <c>https://host/chat</c>.</summary>
    public static Uri At(Uri server, string path) => new($"{server.GetLeftPart(UriPartial.Authority)}{PrefixOf(server)}{path}");

    /// <summary>
    /// The reverse: the path of the API, with its query, that an address at a server names. A server behind a gateway may know the
    /// gateway's path or not; its host is never the gateway's.
    /// </summary>
    public static string PathUnder(Uri server, Uri target)
    {
        var (path, prefix) = (target.PathAndQuery, PrefixOf(server));
        return path.StartsWith($"{prefix}{Api}", StringComparison.Ordinal) ? path[prefix.Length..] : path;
    }

    /// <summary>An address with the scheme http or https.</summary>
    /// <exception cref="HttpRequestException">None is known.</exception>
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
