using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>The first round trip of a batch: the locks, and everything read under them.</summary>
internal static class BatchReading
{
    /// <summary>Within an <see cref="AnswerLimit"/>, like all that follows it.</summary>
    public static async Task<BatchSnapshot> LockAndReadAsync(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries)
    {
        var users = entries.SelectMany(entry => new[] { entry.AuthorId, entry.RecipientId }).Distinct().ToArray();
        await using var batch = CreateBatch(connection, entries, users);
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

    private static NpgsqlBatch CreateBatch(NpgsqlConnection connection, IReadOnlyList<IntakeEntry> entries, long[] users)
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
                new NpgsqlBatchCommand(PersistSql.LockHeads) { Parameters = { Columns.Of(users, user => user) } },
                new NpgsqlBatchCommand(PersistSql.FindStored)
                {
                    Parameters = { Columns.Of(keys, key => key.AuthorId), Columns.Of(keys, key => key.ClientKey) },
                },
                new NpgsqlBatchCommand(PersistSql.FindConversations)
                {
                    Parameters = { Columns.Of(pairs, pair => pair.Low), Columns.Of(pairs, pair => pair.High) },
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
}
