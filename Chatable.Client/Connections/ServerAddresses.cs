namespace Chatable.Client.Connections;

/// <summary>
/// Where servers are. Whoever finds that one does not answer says so, and everybody is sent to the next.
/// </summary>
/// <param name="find">All that are known now; asked each time, since they come and go.</param>
internal sealed class ServerAddresses(Func<CancellationToken, ValueTask<IReadOnlyList<Uri>>> find)
{
    // Clients that start together do not all begin with the same server.
    private uint _index = (uint)Random.Shared.Next();

    public static ServerAddresses Of(IReadOnlyList<Uri> servers) => new(_ => ValueTask.FromResult(servers));

    /// <summary>An address with the scheme http or https.</summary>
    /// <exception cref="HttpRequestException">None is known.</exception>
    public async ValueTask<Uri> GetAsync(CancellationToken cancellationToken)
    {
        var servers = await find(cancellationToken);
        return servers.Count > 0
            ? servers[(int)(Volatile.Read(ref _index) % (uint)servers.Count)]
            : throw new HttpRequestException("No address of a Chatable server is known.");
    }

    public void MoveOn() => Interlocked.Increment(ref _index);
}
