using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

/// <summary>
/// Records which API servers are alive, and which of them each user is connected to. Only servers have a lease, in the sorted set
/// <c>servers</c>, which expires by Redis' clock. A boot id in a user's set <c>u:{id}</c> counts only while its server is alive. A user's
/// servers are looked up at the end of each batch and never cached. A server that has registered a user and then read the user's head must
/// be found by everything committed after that head.
/// </summary>
public sealed class ServerRegistry(IConnectionMultiplexer redis, IOptions<RegistryOptions> options, TimeProvider time)
{
    // Keeps a mass registration from filling the socket's buffers.
    private const int UsersAtOnce = 500;

    // Checks itself which servers are alive, so that it does not undo the registrations of a server that has come back.
    // KEYS: the servers, then for each registration the user's set. ARGV: for each registration the server.
    private const string ForgetDead = LiveServers.Now + """
        local alive = {}
        for i, server in ipairs(ARGV) do
            if alive[server] == nil then
                local expiry = redis.call('ZSCORE', KEYS[1], server)
                alive[server] = expiry and tonumber(expiry) > now or false
            end
            if not alive[server] then redis.call('SREM', KEYS[i + 1], server) end
        end
        """;

    private readonly RegistryOptions _options = options.Value;
    private readonly RegistryKeys _keys = new(options.Value.KeyPrefix);
    private readonly LiveServers _live = new(redis, options.Value, time);

    /// <summary>
    /// Renews a server's lease. Returns false if the lease was missing or had expired, or if Redis restarted or failed over since the last
    /// call. Users may have been dropped in the meantime, so the server must register all of them again and reconcile every connection.
    /// </summary>
    public Task<bool> HeartbeatAsync(Guid bootId, CancellationToken cancellationToken) =>
        _live.HeartbeatAsync(bootId, cancellationToken);

    /// <summary>Registers users as connected to a server. Repeat well within <see cref="RegistryOptions.UserLifetime"/>.</summary>
    public Task AddUsersAsync(Guid bootId, IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        ForEachAsync(users, AddAsync, bootId, cancellationToken);

    public Task RemoveUsersAsync(Guid bootId, IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        ForEachAsync(users, (database, user, server) => database.SetRemoveAsync(_keys.User(user), server), bootId, cancellationToken);

    /// <summary>Ends a server's lease at once.</summary>
    public Task LeaveAsync(Guid bootId, CancellationToken cancellationToken) => _live.RemoveAsync(bootId, cancellationToken);

    /// <summary>Returns the given servers that are alive.</summary>
    public Task<IReadOnlySet<Guid>> FindLiveAsync(IEnumerable<Guid> bootIds, CancellationToken cancellationToken) =>
        _live.AmongAsync(bootIds, cancellationToken);

    /// <summary>Removes registrations with servers that were found dead, except those that are alive again.</summary>
    public async Task ForgetAsync(IReadOnlyCollection<Registration> dead, CancellationToken cancellationToken)
    {
        foreach (var some in dead.Chunk(UsersAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await redis.GetDatabase().ScriptEvaluateAsync(
                ForgetDead,
                [_keys.Servers, .. some.Select(one => _keys.User(one.User))],
                Array.ConvertAll(some, one => ToValue(one.BootId)));
        }
    }

    /// <summary>
    /// Removes servers that have been silent for long. For each, <paramref name="discard"/> first removes its remaining data. Returns the
    /// number of removed servers. Safe to call concurrently.
    /// </summary>
    public async Task<int> ReapAsync(Func<Guid, CancellationToken, Task> discard, CancellationToken cancellationToken)
    {
        var dead = await _live.FindLongDeadAsync(cancellationToken);
        foreach (var bootId in dead)
        {
            await discard(bootId, cancellationToken);
            await _live.RemoveAsync(bootId, cancellationToken);
        }

        return dead.Count;
    }

    private Task AddAsync(IDatabase database, long user, RedisValue bootId) => Task.WhenAll(
        database.SetAddAsync(_keys.User(user), bootId),
        database.KeyExpireAsync(_keys.User(user), _options.UserLifetime));

    private async Task ForEachAsync(
        IReadOnlyCollection<long> users, Func<IDatabase, long, RedisValue, Task> change, Guid bootId,
        CancellationToken cancellationToken)
    {
        var database = redis.GetDatabase();
        var server = ToValue(bootId);
        foreach (var some in users.Chunk(UsersAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.WhenAll(some.Select(user => change(database, user, server)));
        }
    }

    private static RedisValue ToValue(Guid bootId) => bootId.ToString("N");
}
