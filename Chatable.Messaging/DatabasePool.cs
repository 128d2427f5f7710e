using Npgsql;

namespace Chatable.Messaging;

/// <summary>What every service passes to <c>AddNpgsqlDataSource</c> as <c>configureDataSourceBuilder</c>.</summary>
public static class DatabasePool
{
    private const string MaxPoolSize = "Maximum Pool Size";

    /// <summary>
    /// The most connections of a process, unless its connection string says otherwise. The driver's own 100 would let three API servers
    /// and a worker ask a PostgreSQL of 100 or 200 for 400; beyond its limit it refuses, while a full pool only waits.
    /// </summary>
    public static Action<NpgsqlDataSourceBuilder> AtMost(int connections) => source =>
    {
        if (!source.ConnectionStringBuilder.ShouldSerialize(MaxPoolSize))
            source.ConnectionStringBuilder.MaxPoolSize = connections;
    };
}
