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
    /// The live servers each user is connected to, empty for one who is nowhere. Never cached per user: a server that has registered a
    /// user and then read his head must be found by everything committed after that head.
    /// </summary>
    public async Task<IReadOnlyDictionary<long, IReadOnlyList<Guid>>> FindServersAsync(
        IReadOnlyCollection<long> users, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        var registered = await RegistrationsAsync(database, users);
        var live = await _live.AmongAsync(registered.SelectMany(entry => entry.Ids), cancellationToken);
        var found = new Dictionary<long, IReadOnlyList<Guid>>(registered.Length);
        foreach (var (user, ids) in registered)
        {
            found[user] = [.. ids.Where(live.Contains)];
            if (found[user].Count < ids.Length)
                await ForgetAsync(database, user, [.. ids.Where(id => !live.Contains(id))], cancellationToken);
        }

        return found;
    }

    /// <summary>Those of the servers that live.</summary>
    public Task<IReadOnlySet<Guid>> FindLiveAsync(IEnumerable<Guid> bootIds, CancellationToken cancellationToken) =>
        _live.AmongAsync(bootIds, cancellationToken);

    /// <summary>Takes servers that were found dead out of the sets of users.</summary>
    public async Task ForgetAsync(IEnumerable<Registration> dead, CancellationToken cancellationToken)
    {
        foreach (var ofUser in dead.GroupBy(one => one.User, one => one.BootId))
            await ForgetAsync(redis.GetDatabase(), ofUser.Key, [.. ofUser], cancellationToken);
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

    // A server judged dead may come back between the judgement and the removal, and register its users again: so look once more,
    // and put back. What is put back for a user who has left meanwhile costs a few ignored pushes.
    private async Task ForgetAsync(IDatabase database, long user, Guid[] dead, CancellationToken cancellationToken)
    {
        await database.SetRemoveAsync(_keys.User(user), Array.ConvertAll(dead, ToValue));
        _live.Invalidate();
        foreach (var back in await _live.AmongAsync(dead, cancellationToken))
            await AddAsync(database, user, ToValue(back));
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
