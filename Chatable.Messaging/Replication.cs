using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// Makes a commit mean that the synchronous standby, if the server has one, also has the data. Only transactions that have written
/// something wait for the standby. An operator can end the wait: the commit then succeeds with a warning, and its data becomes visible
/// although no standby has it.
/// </summary>
internal static class Replication
{
    /// <summary>
    /// A select list for a transaction whose commit is a promise, in effect until the transaction ends. It overrides weaker server
    /// settings, and makes sure that the warning is sent.
    /// </summary>
    public const string Required = """
        set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN 'on'
                                              ELSE current_setting('synchronous_commit') END, true),
        set_config('client_min_messages', 'warning', true)
        """;

    // The PostgreSQL routine that issues the warning. The warning's text depends on the server's language.
    private const string Wait = "SyncRepWaitForLSN";

    /// <summary>Runs <paramref name="commit"/>, and throws if the wait for the standby was ended early.</summary>
    /// <exception cref="NpgsqlException">The data is committed on the primary. It is unknown whether a standby has it.</exception>
    public static async Task<T> CommitAsync<T>(NpgsqlConnection connection, Func<Task<T>> commit)
    {
        var isCutShort = false;
        connection.Notice += Look;
        try
        {
            var result = await commit();
            return isCutShort ? throw new NpgsqlException("The wait for the standby was ended.") : result;
        }
        finally
        {
            connection.Notice -= Look;
        }

        void Look(object sender, NpgsqlNoticeEventArgs warning) => isCutShort |= warning.Notice.Routine == Wait;
    }
}
