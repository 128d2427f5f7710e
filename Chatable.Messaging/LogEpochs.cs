using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// Begins new epochs. Each epoch belongs to one PostgreSQL timeline, which a promotion ends. A transaction on another timeline begins the
/// next epoch before it writes or reports a seq. A session that began on a standby cannot write before its transaction ends, so the
/// timeline of a writing transaction never changes. A restored backup keeps its timeline: see <see cref="RenewAsync"/>.
/// </summary>
public static class LogEpochs
{
    /// <summary>
    /// A select-list expression on <c>log_epoch</c>: whether the epoch is over. Fails on a standby, whose seqs must not be reported.
    /// </summary>
    internal const string IsOver = "timeline <> " + Timeline;

    /// <summary>A select-list expression: the number of the epoch, or null if the epoch is over.</summary>
    internal const string Number = $"(SELECT CASE WHEN {IsOver} THEN NULL ELSE number END FROM log_epoch)";

    // The control file shows the new timeline only some time after the promotion. This expression shows it at once.
    private const string Timeline = "left(pg_walfile_name(pg_current_wal_lsn()), 8)";

    // One attempt is enough if there is an epoch: a second promotion would end the connection.
    private const int Attempts = 3;

    // A transaction that waited for the lock re-evaluates the row as it is afterwards. The commit does not wait for a standby: if the epoch
    // is lost with this server, clients that know it start over.
    private const string BeginNext = $"""
        WITH local AS (SELECT set_config('synchronous_commit', 'local', true)),
             ended AS (SELECT epoch, number FROM log_epoch WHERE {IsOver} FOR UPDATE),
             noted AS (INSERT INTO past_log_epochs (epoch, number, is_continued) SELECT epoch, number, true FROM ended)
        UPDATE log_epoch l SET {Next} FROM ended, local
        """;

    private const string Renew = $"""
        WITH ended AS (SELECT epoch, number FROM log_epoch FOR UPDATE),
             noted AS (INSERT INTO past_log_epochs (epoch, number, is_continued) SELECT epoch, number, false FROM ended)
        UPDATE log_epoch l SET {Next} FROM ended RETURNING ended.epoch, l.epoch
        """;

    private const string Next = $"""
        epoch = gen_random_uuid(), timeline = {Timeline},
        number = greatest(ended.number + 1, extract(epoch FROM clock_timestamp() - timestamptz '2020-01-01 00:00:00Z')::integer)
        """;

    /// <summary>Ends the epoch for good, after a restore. Clients that know it start over.</summary>
    /// <returns>The ended epoch, and the new one.</returns>
    public static Task<(Guid Ended, Guid Begun)> RenewAsync(NpgsqlDataSource database, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(Renew, connection);
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            if (!await row.ReadAsync(CancellationToken.None))
                throw new InvalidOperationException("The database has no epoch.");
            var epochs = (row.GetGuid(0), row.GetGuid(1));
            // Reads the commit's answer. Closing the reader would ignore a failure.
            await row.NextResultAsync(CancellationToken.None);
            return epochs;
        }, cancellationToken);

    /// <summary>
    /// Runs <paramref name="attempt"/> in an epoch that is not over. If the epoch is over, begins the next one and runs it again.
    /// </summary>
    /// <param name="connection">A connection without an open transaction.</param>
    /// <param name="attempt">Returns the value of <see cref="IsOver"/> that it read. Its answer is used only if that is false.</param>
    /// <exception cref="NpgsqlException">The database has no epoch.</exception>
    internal static async Task<T> InEpochAsync<T>(NpgsqlConnection connection, Func<Task<(bool IsOver, T Answer)>> attempt)
    {
        for (var i = 0; i < Attempts; i++)
        {
            var (isOver, answer) = await attempt();
            if (!isOver)
                return answer;
            await BeginNextAsync(connection);
        }

        throw new NpgsqlException("The database has no epoch of logs.");
    }

    private static async Task BeginNextAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(BeginNext, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
