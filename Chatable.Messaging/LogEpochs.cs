using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// How epochs begin. Each belongs to a timeline of PostgreSQL's, which a promotion ends: whoever is to write or to tell a place on another
/// timeline begins the next epoch first. A session that began on a standby cannot write before its transaction ends, so that the timeline
/// of a transaction that writes never changes. A restored backup has the timeline it had: see <see cref="RenewAsync"/>.
/// </summary>
public static class LogEpochs
{
    /// <summary>For a list to select from <c>log_epoch</c>: whether it is over. It fails on a standby, whose places nobody is to tell.</summary>
    internal const string IsOver = "timeline <> " + Timeline;

    /// <summary>The number of the epoch, or null where it is over.</summary>
    internal const string Number = $"(SELECT CASE WHEN {IsOver} THEN NULL ELSE number END FROM log_epoch)";

    // The control file tells the new timeline only some time after the promotion; this does at once.
    private const string Timeline = "left(pg_walfile_name(pg_current_wal_lsn()), 8)";

    // One is enough where there is an epoch: a second promotion would end the connection.
    private const int Attempts = 3;

    // Whoever waited for the lock looks again at the row as it is by then. No standby is waited for: where the epoch is lost with this
    // server, clients that know it start over.
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

    /// <summary>Ends the epoch for good, after a restore: whoever knows it starts over.</summary>
    /// <returns>It, and the one that begins.</returns>
    public static Task<(Guid Ended, Guid Begun)> RenewAsync(NpgsqlDataSource database, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(Renew, connection);
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            if (!await row.ReadAsync(CancellationToken.None))
                throw new InvalidOperationException("The database has no epoch.");
            var epochs = (row.GetGuid(0), row.GetGuid(1));
            // The commit's answer; to close the reader would pass over a failure.
            await row.NextResultAsync(CancellationToken.None);
            return epochs;
        }, cancellationToken);

    /// <summary>Does it in an epoch that is not over: where it finds that it is, the next one begins, and it is done again.</summary>
    /// <param name="connection">Outside of a transaction.</param>
    /// <param name="attempt">Says what <see cref="IsOver"/> said; its answer counts only where that is false.</param>
    /// <exception cref="NpgsqlException">There is no epoch at all.</exception>
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
