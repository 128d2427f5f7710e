using System.Net.Sockets;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>Tells from a failure which store does not serve, where that is what failed.</summary>
internal static class StoreFailure
{
    public const string PostgreSql = "PostgreSQL";
    public const string Redis = "Redis";

    // Shut down or starting; out of connections, memory or disk; no connection.
    private static readonly string[] s_unavailable = ["57P", "53", "08"];

    /// <summary>The store that is out of reach or refuses to serve anybody; null for any other failure.</summary>
    public static string? StoreOf(Exception? failure) => failure switch
    {
        null => null,
        PostgresException answer =>
            s_unavailable.Any(state => answer.SqlState.StartsWith(state, StringComparison.Ordinal)) ? PostgreSql : null,
        NpgsqlException { IsTransient: true } or NpgsqlException { InnerException: SocketException or IOException or TimeoutException } =>
            PostgreSql,
        RedisConnectionException or RedisTimeoutException => Redis,
        RedisServerException
        {
            Kind: RedisErrorKind.Loading or RedisErrorKind.MasterDown or RedisErrorKind.ClusterDown or RedisErrorKind.OutOfMemory
                or RedisErrorKind.Misconfigured or RedisErrorKind.ReadOnly or RedisErrorKind.MaxClients
        } => Redis,
        AggregateException many => many.InnerExceptions.Select(StoreOf).FirstOrDefault(store => store is not null),
        _ => StoreOf(failure.InnerException),
    };

    /// <summary>The store of a client library's or a health check's own log; null for any other.</summary>
    public static string? StoreOfClient(string category) =>
        category.StartsWith("Npgsql", StringComparison.Ordinal) ? PostgreSql
        : category.StartsWith("StackExchange.Redis", StringComparison.Ordinal) ? Redis
        : null;

    /// <summary>The store that a health check of Aspire's asks; null for any other check.</summary>
    public static string? StoreOfCheck(string name) =>
        name.StartsWith("PostgreSql", StringComparison.Ordinal) ? PostgreSql
        : name.StartsWith("StackExchange.Redis", StringComparison.Ordinal) ? Redis
        : null;

    /// <summary>
    /// The store behind a check that failed: as <see cref="StoreOfCheck"/>, and PostgreSQL for the service's own check of the schema.
    /// </summary>
    public static string? StoreOfFailedCheck(string name) => name == "schema" ? PostgreSql : StoreOfCheck(name);

    public static bool IsWait(Exception? failure) => failure is OperationCanceledException or TimeoutException;
}
