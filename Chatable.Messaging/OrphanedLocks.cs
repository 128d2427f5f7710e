namespace Chatable.Messaging;

/// <summary>
/// The end of what a client has locked that is gone without a word: its machine died, or the network became silent. PostgreSQL would wait
/// for its next statement as long as TCP keeps the connection, two hours by default, and everybody else for the locks.
/// </summary>
internal static class OrphanedLocks
{
    /// <summary>
    /// For the first statement of each transaction that locks anything: a list to select, good until the transaction's end. Between
    /// two statements a client may take 5 s. Where the next one breaks off in the middle, which is no pause between two, or an answer does
    /// not get through, TCP finds out within 10 s. Not parameters of the connection: PgBouncer refuses connections that have any it does not
    /// know.
    /// </summary>
    public const string End = """
        set_config('idle_in_transaction_session_timeout', '5s', true), set_config('tcp_user_timeout', '10s', true),
        set_config('tcp_keepalives_idle', '4', true), set_config('tcp_keepalives_interval', '2', true),
        set_config('tcp_keepalives_count', '3', true)
        """;
}
