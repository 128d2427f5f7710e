namespace Chatable.Messaging;

/// <summary>
/// Releases the locks of a client that disappeared silently: its machine died, or the network stopped responding. By default, PostgreSQL
/// waits for the client's next statement as long as TCP keeps the connection, two hours. Everyone else would wait for the locks.
/// </summary>
internal static class OrphanedLocks
{
    /// <summary>
    /// A select list for the first statement of each transaction that takes locks, in effect until the transaction ends. Between two
    /// statements a client may pause for 5 s. If a statement breaks off halfway (not a pause between two) or an answer cannot be delivered,
    /// TCP detects it within 10 s. These are not connection parameters, because PgBouncer refuses connections with parameters it does not
    /// know.
    /// </summary>
    public const string End = """
        set_config('idle_in_transaction_session_timeout', '5s', true), set_config('tcp_user_timeout', '10s', true),
        set_config('tcp_keepalives_idle', '4', true), set_config('tcp_keepalives_interval', '2', true),
        set_config('tcp_keepalives_count', '3', true)
        """;
}
