using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// What a commit means where the server has a synchronous standby: that the standby has it, too. Only what has written something waits
/// for it, and an operator can end the wait: the commit then succeeds with a warning, and all may see what no standby has.
/// </summary>
internal static class Replication
{
    /// <summary>
    /// For a transaction whose commit is a promise: a list to select, good until its end. Laxer settings of the server do not count, and the
    /// warning has to come.
    /// </summary>
    public const string Required = """
        set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN 'on'
                                              ELSE current_setting('synchronous_commit') END, true),
        set_config('client_min_messages', 'warning', true)
        """;

    // Where in PostgreSQL the warning comes from; its text is in the server's language.
    private const string Wait = "SyncRepWaitForLSN";

    /// <summary>Commits, by what is asked, and fails where somebody has ended the wait for the standby.</summary>
    /// <exception cref="NpgsqlException">It is committed on the primary; whether a standby has it is not known.</exception>
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
