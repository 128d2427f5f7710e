using Npgsql;

namespace Chatable.Messaging;

/// <summary>What every service passes to <c>AddNpgsqlDataSource</c> as <c>configureDataSourceBuilder</c>.</summary>
public static class DatabasePool
{
    private const string MaxPoolSize = "Maximum Pool Size", NoResetOnClose = "No Reset On Close", MaxAutoPrepare = "Max Auto Prepare",
        KeepAliveTime = "TCP Keepalive Time";

    /// <summary>
    /// What a process uses its connections for, unless its connection string says otherwise. At most so many of them: the driver's own 100
    /// would let three API servers and a worker ask a PostgreSQL of 100 or 200 for 400; beyond its limit it refuses, while a full pool
    /// only waits. Statements are prepared when they come again, and stay so: nothing here changes a session, so there is nothing to
    /// reset when a connection goes back to the pool, which would cost more than many a query.
    /// </summary>
    public static Action<NpgsqlDataSourceBuilder> AtMost(int connections) => source =>
    {
        var settings = source.ConnectionStringBuilder;
        if (!settings.ShouldSerialize(MaxPoolSize))
            settings.MaxPoolSize = connections;
        if (!settings.ShouldSerialize(NoResetOnClose))
            settings.NoResetOnClose = true;
        if (!settings.ShouldSerialize(MaxAutoPrepare))
            settings.MaxAutoPrepare = 50;
        // A connection that waits in the pool, and whose server is gone without a word, is found out before it is used.
        if (!settings.ShouldSerialize(KeepAliveTime))
            (settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (10, 5);
    };
}
