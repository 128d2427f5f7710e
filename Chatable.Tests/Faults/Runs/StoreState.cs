using System.Globalization;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Nemesis;
using Npgsql;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What the stores hold while nobody writes.</summary>
/// <param name="IdleTransactions">PostgreSQL sessions that are idle in a transaction.</param>
/// <param name="Sessions">All PostgreSQL sessions.</param>
/// <param name="DeadLetters">In all partitions, without those made by a fault.</param>
/// <param name="Registrations">Users per server, for living and dead servers.</param>
/// <param name="RedisClients">Connections of Redis.</param>
/// <param name="RedisBytes">The memory that Redis reports as used.</param>
internal sealed record StoreState(
    long IdleTransactions, long Sessions, long DeadLetters, long Registrations, long RedisClients, long RedisBytes)
{
    private const string SessionCounts =
        "SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%'), count(*) FROM pg_stat_activity "
        + "WHERE datname = current_database() AND pid <> pg_backend_pid()";

    public static async Task<StoreState> OfAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        var (idle, sessions) = await CountSessionsAsync(cluster, cancellationToken);
        var redis = cluster.Redis;
        long letters = 0, registrations = 0;
        for (var partition = 0; partition < FaultCluster.Partitions; partition++)
            letters += (await redis.Database.StreamRangeAsync($"dlq:{{{partition}}}")).Count(letter => !DataFaults.IsPoison(letter));
        await foreach (var key in redis.Server.KeysAsync(pattern: "u:*", pageSize: 1000))
            registrations += await redis.Database.SetLengthAsync(key);
        var info = (await redis.Server.InfoAsync()).SelectMany(section => section)
            .DistinctBy(line => line.Key).ToDictionary(line => line.Key, line => line.Value);
        return new StoreState(
            idle, sessions, letters, registrations, long.Parse(info["connected_clients"], CultureInfo.InvariantCulture),
            long.Parse(info["used_memory"], CultureInfo.InvariantCulture));
    }

    private static async Task<(long Idle, long All)> CountSessionsAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(cluster.Postgres.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SessionCounts, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
