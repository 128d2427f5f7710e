using System.Data;
using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>
/// The only writer of messages. A batch is one transaction: the heads of all its users are locked, everything that depends on them
/// is looked up after that, seqs are counted on from there, and what was counted is written.
/// </summary>
public sealed class MessageStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Stores a batch, or nothing of it. For each entry, in order: <see cref="MessageStored"/>; <see cref="MessageRepeated"/> where its
    /// author has stored it before; or <see cref="MessageRefused"/> where another message of its author has its client id, or its
    /// predecessor is missing.
    /// Calling it again with the same entries stores nothing more.
    /// </summary>
    /// <exception cref="Exception">Nothing was stored, or it is not known: see <see cref="PersistFailures.Classify"/>.</exception>
    public async Task<IReadOnlyList<IDispatch>> PersistAsync(IReadOnlyList<IntakeEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
            return [];

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            return await connection.AskAsync(() => PersistAsync(connection, entries), cancellationToken);
        }
        catch (NpgsqlException failure) when (DeadConnections.IsTheCauseOf(failure))
        {
            database.Clear();
            throw;
        }
        catch (InvalidOperationException failure) when (connection.State is not ConnectionState.Open)
        {
            // The driver says that the connection is not open where it broke a moment before: no fault of any entry.
            throw new NpgsqlException("The connection broke.", failure);
        }
    }

    private static Task<IReadOnlyList<IDispatch>> PersistAsync(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries) =>
        LogEpochs.InEpochAsync(connection, () => TryPersistAsync(connection, entries));

    // Where the epoch is over nothing may be stored.
    private static async Task<(bool IsOver, IReadOnlyList<IDispatch> Outcomes)> TryPersistAsync(
        NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, CancellationToken.None);
        var snapshot = await BatchReading.LockAndReadAsync(connection, entries);
        if (snapshot.Epoch is null)
            return (true, []);

        var fates = EntryFates.Decide(entries, snapshot);
        await CreateConversationsAsync(connection, entries, fates, snapshot);

        var plan = BatchPlan.Make(entries, fates, snapshot);
        await Replication.CommitAsync(connection, () => BatchWriting.WriteAsync(connection, plan));
        return (false, plan.Outcomes);
    }

    private static async Task CreateConversationsAsync(
        NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries, EntryFate[] fates, BatchSnapshot snapshot)
    {
        var missing = entries.Where((_, i) => fates[i] is EntryFate.New)
            .Select(entry => entry.Pair()).Distinct().Where(pair => !snapshot.Conversations.ContainsKey(pair)).ToArray();
        if (missing.Length == 0)
            return;

        await using var command = new NpgsqlCommand(PersistSql.CreateConversations, connection) { CommandTimeout = 0 };
        command.Parameters.Add(Columns.Of(missing, pair => pair.Low));
        command.Parameters.Add(Columns.Of(missing, pair => pair.High));
        await using var rows = await command.ExecuteReaderAsync(CancellationToken.None);
        var created = 0;
        for (; await rows.ReadAsync(CancellationToken.None); created++)
        {
            snapshot.Conversations[new UserPair(rows.GetInt64(0), rows.GetInt64(1))] =
                new ConversationHead(rows.GetInt64(2), LastSeq: 0, DateTime.MinValue);
        }

        if (created != missing.Length)
            throw new RowCountException();
    }
}
