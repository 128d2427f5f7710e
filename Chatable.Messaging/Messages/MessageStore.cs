using System.Data;
using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>
/// The only writer of messages. A batch is one transaction: it locks the heads of all its users, reads everything that depends on them,
/// assigns the next seqs, and writes the rows.
/// </summary>
public sealed class MessageStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Stores a whole batch or nothing. Returns one outcome per entry, in order. <see cref="EntryStored"/>: the message is new.
    /// <see cref="CommandRepeated"/>: its author has stored it before. <see cref="CommandRefused"/>: another message of its author has its
    /// client id, or its predecessor is missing. Calling it again with the same entries stores nothing more.
    /// </summary>
    /// <exception cref="Exception">Nothing was stored, or the outcome is unknown: see <see cref="PersistFailures.Classify"/>.</exception>
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
            // The driver throws this if the connection broke a moment before. No entry is at fault.
            throw new NpgsqlException("The connection broke.", failure);
        }
    }

    private static Task<IReadOnlyList<IDispatch>> PersistAsync(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries) =>
        LogEpochs.InEpochAsync(connection, () => TryPersistAsync(connection, entries));

    // Stores nothing if the epoch is over.
    private static async Task<(bool IsOver, IReadOnlyList<IDispatch> Outcomes)> TryPersistAsync(
        NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, CancellationToken.None);
        var snapshot = await LockAndReadAsync(connection, entries);
        if (snapshot.Epoch is null)
            return (true, []);

        var dispositions = Dispositions.Decide(entries, snapshot);
        await CreateConversationsAsync(connection, entries, dispositions, snapshot);

        var plan = BatchPlan.Make(entries, dispositions, snapshot);
        await Replication.CommitAsync(connection, () => WriteAsync(connection, plan));
        return (false, plan.Outcomes);
    }

    /// <summary>
    /// The first round trip of a batch: takes the locks, and reads everything under them. Like all later steps, it runs within an
    /// <see cref="AnswerLimit"/>.
    /// </summary>
    internal static async Task<BatchSnapshot> LockAndReadAsync(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries)
    {
        var users = entries.SelectMany(entry => new[] { entry.AuthorId, entry.RecipientId }).Distinct().ToArray();
        await using var batch = Reading(connection, entries, users);
        await batch.PrepareAsync(CancellationToken.None);
        await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);

        var snapshot = new BatchSnapshot();
        await rows.ReadAsync(CancellationToken.None);
        snapshot.Epoch = rows.IsDBNull(0) ? null : rows.GetInt32(0);
        await rows.NextResultAsync(CancellationToken.None);
        while (await rows.ReadAsync(CancellationToken.None))
            snapshot.Heads[rows.GetInt64(0)] = rows.GetInt64(1);
        if (snapshot.Heads.Count < users.Length)
            throw new UnknownUserException(users.First(user => !snapshot.Heads.ContainsKey(user)));

        await rows.NextResultAsync(CancellationToken.None);
        while (await rows.ReadAsync(CancellationToken.None))
            snapshot.Stored[new MessageKey(rows.GetInt64(0), rows.GetGuid(1))] = ReadStored(rows);

        await rows.NextResultAsync(CancellationToken.None);
        while (await rows.ReadAsync(CancellationToken.None))
        {
            snapshot.Now = rows.GetDateTime(5);
            if (!rows.IsDBNull(2))
                snapshot.Conversations[new UserPair(rows.GetInt64(0), rows.GetInt64(1))] = ReadHead(rows);
        }

        return snapshot;
    }

    private static NpgsqlBatch Reading(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries, long[] users)
    {
        var keys = entries.Select(entry => entry.Key())
            .Concat(entries.Select(entry => entry.AfterKey()).OfType<MessageKey>()).Distinct().ToArray();
        var pairs = entries.Select(entry => entry.Pair()).Distinct().ToArray();
        return new NpgsqlBatch(connection)
        {
            Timeout = 0,
            BatchCommands =
            {
                new NpgsqlBatchCommand(PersistSql.Settings),
                new NpgsqlBatchCommand(PersistSql.LockHeads) { Parameters = { UnnestParameters.Of(users, user => user) } },
                new NpgsqlBatchCommand(PersistSql.FindStored)
                {
                    Parameters = { UnnestParameters.Of(keys, key => key.AuthorId), UnnestParameters.Of(keys, key => key.ClientKey) },
                },
                new NpgsqlBatchCommand(PersistSql.FindConversations)
                {
                    Parameters = { UnnestParameters.Of(pairs, pair => pair.Low), UnnestParameters.Of(pairs, pair => pair.High) },
                },
            },
        };
    }

    private static StoredMessage ReadStored(NpgsqlDataReader row)
    {
        var place = new MessagePlace(row.GetGuid(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetDateTime(6));
        return new StoredMessage(
            place,
            row.IsDBNull(7)
                ? Fingerprint.Of(place.ConversationId, (MessageType)row.GetInt16(8), row.GetFieldValue<byte[]>(9))
                : row.GetGuid(7));
    }

    private static ConversationHead ReadHead(NpgsqlDataReader row) => new(
        row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? DateTime.MinValue : row.GetDateTime(4));

    private static async Task CreateConversationsAsync(
        NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries, Disposition[] dispositions, BatchSnapshot snapshot)
    {
        var missing = entries.Where((_, i) => dispositions[i] is Disposition.New)
            .Select(entry => entry.Pair()).Distinct().Where(pair => !snapshot.Conversations.ContainsKey(pair)).ToArray();
        if (missing.Length == 0)
            return;

        await using var command = new NpgsqlCommand(PersistSql.CreateConversations, connection) { CommandTimeout = 0 };
        command.Parameters.Add(UnnestParameters.Of(missing, pair => pair.Low));
        command.Parameters.Add(UnnestParameters.Of(missing, pair => pair.High));
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

    /// <summary>The second round trip: writes all rows of the plan, and commits.</summary>
    /// <param name="connection">Has the batch's transaction open.</param>
    /// <param name="plan">
    /// If the plan has no new message, this only commits. The messages that were found are then as safe as newly written ones: the locks
    /// have written something, and this commit follows the commit of those messages.
    /// </param>
    /// <exception cref="RowCountException">A statement affected another number of rows than planned. Nothing is committed.</exception>
    internal static async Task<int> WriteAsync(NpgsqlConnection connection, BatchPlan plan)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        if (plan.Messages.Count > 0)
            AddRows(batch.BatchCommands, plan);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(PersistSql.Commit));

        try
        {
            await batch.PrepareAsync(CancellationToken.None);
            return await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.DivisionByZero)
        {
            throw new RowCountException();
        }
    }

    private static void AddRows(NpgsqlBatchCommandCollection commands, BatchPlan plan)
    {
        commands.Add(InsertMessages(plan));
        commands.Add(InsertEnvelopes(plan));
        commands.Add(MoveHeads(plan));
        commands.Add(MoveConversations(plan));
        var participants = plan.Activity.ToArray();
        if (participants.Length > 0)
            commands.Add(TouchParticipants(participants));
    }

    private static NpgsqlBatchCommand InsertMessages(BatchPlan plan)
    {
        var messages = plan.Messages;
        return new NpgsqlBatchCommand(PersistSql.InsertMessages)
        {
            Parameters =
            {
                UnnestParameters.Of(messages, row => row.Message.MessageId),
                UnnestParameters.Of(messages, row => row.Message.ConversationId),
                UnnestParameters.Of(messages, row => row.Message.ConversationSeq),
                UnnestParameters.Of(messages, row => row.Message.AuthorId),
                UnnestParameters.Of(messages, row => row.AuthorSeq),
                UnnestParameters.Of(messages, row => row.Message.ClientId.Key),
                UnnestParameters.Of(messages, row => row.Message.ClientId.IsUuid ? null : row.Message.ClientId.Text),
                UnnestParameters.Of(messages, row => (short)row.Message.Type),
                UnnestParameters.Of(messages, row => row.Message.Body),
                UnnestParameters.Of(messages, row => row.Message.CreatedAt),
                UnnestParameters.Of(messages, row => Fingerprint.Of(row.Message.ConversationId, row.Message.Type, row.Message.Body.Span)),
            },
        };
    }

    private static NpgsqlBatchCommand InsertEnvelopes(BatchPlan plan) => new(PersistSql.InsertEnvelopes)
    {
        Parameters =
        {
            UnnestParameters.Of(plan.Envelopes, envelope => envelope.UserId),
            UnnestParameters.Of(plan.Envelopes, envelope => envelope.Seq),
            UnnestParameters.Of(plan.Envelopes, envelope => envelope.Message.Id),
            UnnestParameters.Of(plan.Envelopes, envelope => envelope.Message.LastSeq),
            new NpgsqlParameter<int> { TypedValue = plan.Epoch },
        },
    };

    private static NpgsqlBatchCommand MoveHeads(BatchPlan plan) => new(PersistSql.MoveHeads)
    {
        Parameters = { UnnestParameters.Of(plan.Heads, head => head.Key), UnnestParameters.Of(plan.Heads, head => head.Value) },
    };

    private static NpgsqlBatchCommand MoveConversations(BatchPlan plan)
    {
        var heads = plan.Conversations.Values;
        return new NpgsqlBatchCommand(PersistSql.MoveConversations)
        {
            Parameters =
            {
                UnnestParameters.Of(heads, head => head.Id),
                UnnestParameters.Of(heads, head => head.LastSeq),
                UnnestParameters.Of(heads, head => head.LastMessageAt),
            },
        };
    }

    private static NpgsqlBatchCommand TouchParticipants((long Conversation, long User, DateTime Minute)[] rows) =>
        new(PersistSql.TouchParticipants)
        {
            Parameters =
            {
                UnnestParameters.Of(rows, row => row.Conversation), UnnestParameters.Of(rows, row => row.User), UnnestParameters.Of(rows, row => row.Minute),
            },
        };
}
