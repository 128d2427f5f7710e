using Npgsql;

namespace Chatable.Messaging;

/// <summary>The settings that every service passes to <c>AddNpgsqlDataSource</c> as <c>configureDataSourceBuilder</c>.</summary>
public static class DatabasePool
{
    private const string MaxPoolSize = "Maximum Pool Size", NoResetOnClose = "No Reset On Close", MaxAutoPrepare = "Max Auto Prepare",
        KeepAliveTime = "TCP Keepalive Time";

    /// <summary>
    /// Sets the pool options of a process, unless its connection string sets them. Limits the number of connections: with the driver's
    /// default of 100, three API servers and a worker could ask a PostgreSQL limited to 100 or 200 for 400. PostgreSQL refuses connections
    /// beyond its limit, while a full pool only waits. Repeated statements are prepared and stay prepared. No code changes session state,
    /// so resetting a connection on return to the pool is unnecessary, and would cost more than many queries.
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
        // Detects an idle pooled connection whose server disappeared silently, before the connection is used.
        if (!settings.ShouldSerialize(KeepAliveTime))
            (settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (10, 5);
    };
}
