using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>Who is registered where at the end of a run, according to Redis, to the servers' counts, and to their open sockets.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="traffic">The traffic with its devices.</param>
/// <param name="crowd">The crowd, if any.</param>
internal sealed class Registrations(FaultCluster cluster, Traffic traffic, WritingCrowd? crowd)
{
    private const string Alive = """
        local t = redis.call('TIME')
        return redis.call('ZRANGE', 'servers', t[1] * 1000 + math.floor(t[2] / 1000), '+inf', 'BYSCORE')
        """;

    // A vanished client is noticed within 45 s; any other closed connection at once.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);
    // A server that died while Redis' clock was 90 s ahead stays alive in Redis for that time plus its lease.
    private static readonly TimeSpan s_longestLife = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private HashSet<long> _users = [];

    /// <summary>
    /// Only messages make a worker find registrations of dead servers. If some are left after their leases have expired, their users write
    /// again.
    /// </summary>
    /// <returns>Whether any user wrote.</returns>
    public async Task<bool> WriteToTheDeadAsync(CancellationToken cancellationToken)
    {
        var ids = await IdsAsync(cancellationToken);
        _users = [.. ids.Values];
        HashSet<long> left = [];
        await WaitAsync(
            async () =>
            {
                var alive = await AliveAsync();
                left = [.. (await AllAsync()).Where(one => _users.Contains(one.User) && !alive.Contains(one.BootId)).Select(one => one.User)];
                return alive.Count == cluster.Apis.Count;
            },
            s_longestLife, cancellationToken);
        foreach (var device in traffic.AllDevices.DistinctBy(one => one.User.Username).Where(one => left.Contains(ids[one.User.Username])))
            device.Write(device.User.Username, $"{Guid.NewGuid():N} to whom it may concern");
        crowd?.WriteToThemselves(user => left.Contains(ids[user.Name]));
        return left.Count > 0;
    }

    /// <summary>Waits until nothing differs, or until the time is up.</summary>
    public async Task<IReadOnlyList<Measure>> CompareAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Measure> measures = [];
        await WaitAsync(
            async () =>
            {
                measures = await MeasureAsync(cancellationToken);
                return measures.All(one => one.Value <= one.Limit);
            },
            s_patience, cancellationToken);
        return measures;
    }

    private async Task<List<Measure>> MeasureAsync(CancellationToken cancellationToken)
    {
        List<Measure> all = [];
        long sockets = 0, users = 0;
        foreach (var node in cluster.Apis.Select(api => api.Node))
        {
            var gauges = (await Usage.OfAsync(node, cancellationToken))?.Gauges ?? new Dictionary<string, long>();
            var open = gauges.GetValueOrDefault("chatable.realtime.connections");
            var counted = gauges.GetValueOrDefault("chatable.realtime.registrations");
            all.Add(new Measure($"{node.Name}: registrations beyond its sockets", counted - open, 0));
            all.Add(new Measure($"{node.Name}: sockets beyond its registrations", open - counted, 0));
            sockets += open;
            users += gauges.GetValueOrDefault("chatable.realtime.registrations.users");
        }

        var alive = await AliveAsync();
        var registered = await AllAsync();
        var living = registered.Count(one => alive.Contains(one.BootId));
        all.Add(new Measure("sockets beyond the devices'", sockets - traffic.AllDevices.Count() - (crowd?.Sockets.Count ?? 0), 0));
        all.Add(new Measure("registrations in Redis beyond the servers'", living - users, 0));
        all.Add(new Measure("registrations of the servers beyond those in Redis", users - living, 0));
        all.Add(new Measure(
            "registrations with dead servers, of users who have written since",
            registered.Count(one => _users.Contains(one.User) && !alive.Contains(one.BootId)), 0));
        return all;
    }

    private async Task<HashSet<string>> AliveAsync() => [.. (string[])(await cluster.Redis.Database.ScriptEvaluateAsync(Alive))!];

    // "u:{42}": a set of boot IDs
    private async Task<List<(long User, string BootId)>> AllAsync()
    {
        List<(long, string)> all = [];
        await foreach (var key in cluster.Redis.Server.KeysAsync(pattern: "u:*", pageSize: 1000))
        {
            var user = long.Parse(key.ToString().AsSpan()[3..^1], System.Globalization.CultureInfo.InvariantCulture);
            all.AddRange((await cluster.Redis.Database.SetMembersAsync(key)).Select(bootId => (user, bootId.ToString())));
        }

        return all;
    }

    private async Task<Dictionary<string, long>> IdsAsync(CancellationToken cancellationToken)
    {
        var names = traffic.Users.Select(user => user.Username).Concat(crowd?.Users.Select(user => user.Name) ?? []);
        var ids = await FinalReads.QueryAsync(
            cluster.Postgres.ConnectionString, names, "SELECT username, id FROM users WHERE username = ANY ($1)",
            row => (Name: row.GetString(0), Id: row.GetInt64(1)), cancellationToken);
        return ids.ToDictionary(one => one.Name, one => one.Id);
    }

    // If Redis still does not answer in the end, the run fails.
    private static async Task WaitAsync(Func<Task<bool>> condition, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var until = Environment.TickCount64 + patience.TotalMilliseconds; ; await Task.Delay(s_look, cancellationToken))
        {
            try
            {
                if (await condition() || Environment.TickCount64 > until)
                    return;
            }
            catch (Exception failure) when (failure is RedisException or TimeoutException && Environment.TickCount64 < until)
            {
                // Redis has just restarted.
            }
        }
    }
}
