using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

/// <summary>
/// Which API servers live, and which of them each user is connected to. Only servers have a lease (in the sorted set
/// <c>servers</c>, expiry by Redis' clock); a user's set <c>u:{id}</c> of boot ids is believed as far as its servers live.
/// </summary>
public sealed class ServerRegistry(IConnectionMultiplexer redis, IOptions<RegistryOptions> options, TimeProvider time)
{
    // Keeps the pipeline of a mass registration from filling the socket's buffers.
    private const int UsersAtOnce = 500;

    private const string FindAll = """
        local servers = {}
        for i = 1, #KEYS do servers[i] = redis.call('SMEMBERS', KEYS[i]) end
        return servers
        """;

    // Looks by itself at who lives: whoever has come back, and registers its users again, is not undone.
    // KEYS: the servers, then for each registration the user's. ARGV: of each the server.
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
    /// Says that a server lives. False where its lease was missing or had run out, or where Redis is another run than at the last call:
    /// users may have been dropped meanwhile, so it must register all of them again and reconcile every connection.
    /// </summary>
    public Task<bool> HeartbeatAsync(Guid bootId, CancellationToken cancellationToken) =>
        _live.HeartbeatAsync(bootId, cancellationToken);

    /// <summary>Registers users as connected to a server; to be repeated well within <see cref="RegistryOptions.UserLifetime"/>.</summary>
    public Task AddUsersAsync(Guid bootId, IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        ForEachAsync(users, AddAsync, bootId, cancellationToken);

    public Task RemoveUsersAsync(Guid bootId, IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        ForEachAsync(users, (database, user, server) => database.SetRemoveAsync(_keys.User(user), server), bootId, cancellationToken);

    /// <summary>Ends a server's lease at once.</summary>
    public Task LeaveAsync(Guid bootId, CancellationToken cancellationToken) => _live.RemoveAsync(bootId, cancellationToken);

    /// <summary>
    /// The live servers each user is connected to, none for one who is nowhere, and the registrations with dead ones, to be forgotten.
    /// Never cached per user: a server that has registered a user and then read his head must be found by everything committed after that
    /// head.
    /// </summary>
    public async Task<FoundServers> FindServersAsync(IReadOnlyCollection<long> users, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var registered = await RegistrationsAsync(redis.GetDatabase(), users);
        var live = await _live.AmongAsync(registered.SelectMany(entry => entry.Ids), cancellationToken);
        return new FoundServers(
            registered.ToDictionary(entry => entry.User, entry => (IReadOnlyList<Guid>)[.. entry.Ids.Where(live.Contains)]),
            [.. registered.SelectMany(entry => entry.Ids.Where(id => !live.Contains(id)).Select(id => new Registration(entry.User, id)))]);
    }

    /// <summary>Those of the servers that live.</summary>
    public Task<IReadOnlySet<Guid>> FindLiveAsync(IEnumerable<Guid> bootIds, CancellationToken cancellationToken) =>
        _live.AmongAsync(bootIds, cancellationToken);

    /// <summary>Takes registrations with servers that were found dead out of the registry, but of those that live again.</summary>
    public async Task ForgetAsync(IReadOnlyCollection<Registration> dead, CancellationToken cancellationToken)
    {
        foreach (var some in dead.Chunk(UsersAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await (redis.IsCluster() ? ForgetOneByOneAsync(some, cancellationToken) : ForgetTogetherAsync(some));
        }
    }

    /// <summary>
    /// Removes servers that have been silent for long, each after <paramref name="discard"/> has cleared what is left of it; returns how
    /// many. Any number of callers may do it at once.
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

    private async Task ForgetTogetherAsync(Registration[] dead) => await redis.GetDatabase().ScriptEvaluateAsync(
        ForgetDead,
        [_keys.Servers, .. dead.Select(one => _keys.User(one.User))],
        Array.ConvertAll(dead, one => ToValue(one.BootId)));

    // On a cluster no command sees both a server's lease and a user's registrations. So it is looked before and after, and put back what
    // came back in between: a server that counts as dead at both looks registers all its users with its next heartbeat. What is put back
    // for a user who has left meanwhile costs a few ignored pushes.
    private async Task ForgetOneByOneAsync(Registration[] dead, CancellationToken cancellationToken)
    {
        var database = redis.GetDatabase();
        var alive = await _live.AmongAsync(dead.Select(one => one.BootId), cancellationToken);
        Registration[] gone = [.. dead.Where(one => !alive.Contains(one.BootId))];
        await Task.WhenAll(gone.Select(one => database.SetRemoveAsync(_keys.User(one.User), ToValue(one.BootId))));
        _live.Invalidate();
        alive = await _live.AmongAsync(gone.Select(one => one.BootId), cancellationToken);
        await Task.WhenAll(gone.Where(one => alive.Contains(one.BootId)).Select(one => AddAsync(database, one.User, ToValue(one.BootId))));
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

    // Of many users at once in one command, where all keys are on one server: a command costs more than looking a set up.
    private async Task<(long User, Guid[] Ids)[]> RegistrationsAsync(IDatabase database, IReadOnlyCollection<long> users)
    {
        if (redis.IsCluster())
            return await Task.WhenAll(users.Select(async user => (user, ToIds(await database.SetMembersAsync(_keys.User(user))))));

        var some = await Task.WhenAll(users.Chunk(UsersAtOnce).Select(async chunk => chunk.Zip(
            (RedisResult[])(await database.ScriptEvaluateAsync(FindAll, Array.ConvertAll(chunk, _keys.User)))!,
            (user, ids) => (user, ToIds((RedisValue[])ids!)))));
        return [.. some.SelectMany(found => found)];
    }

    private static Guid[] ToIds(RedisValue[] values) => Array.ConvertAll(values, LiveServers.ParseBootId);

    private static RedisValue ToValue(Guid bootId) => bootId.ToString("N");
}
