using System.Net.Sockets;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>Determines which store is unavailable from a failure, if that is its cause.</summary>
internal static class StoreFailure
{
    public const string PostgreSql = "PostgreSQL";
    public const string Redis = "Redis";

    // Shutting down or starting; out of connections, memory or disk; no connection.
    private static readonly string[] s_unavailable = ["57P", "53", "08"];

    /// <summary>The store that is unreachable or refuses all clients. Null for any other failure.</summary>
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

    /// <summary>The store whose client library logs under this category. Null for any other category.</summary>
    public static string? StoreOfClient(string category) =>
        category.StartsWith("Npgsql", StringComparison.Ordinal) ? PostgreSql
        : category.StartsWith("StackExchange.Redis", StringComparison.Ordinal) ? Redis
        : null;

    /// <summary>The store that one of Aspire's health checks tests. Null for any other check.</summary>
    public static string? StoreOfCheck(string name) =>
        name.StartsWith("PostgreSql", StringComparison.Ordinal) ? PostgreSql
        : name.StartsWith("StackExchange.Redis", StringComparison.Ordinal) ? Redis
        : null;

    /// <summary>
    /// The store behind a failed check: as <see cref="StoreOfCheck"/>, and PostgreSQL for the service's own schema check.
    /// </summary>
    public static string? StoreOfFailedCheck(string name) => name == "schema" ? PostgreSql : StoreOfCheck(name);

    public static bool IsWait(Exception? failure) => failure is OperationCanceledException or TimeoutException;
}
