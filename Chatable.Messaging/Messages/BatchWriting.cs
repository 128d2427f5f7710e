using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>The second round trip of a batch: all rows of its plan, and the commit.</summary>
internal static class BatchWriting
{
    /// <param name="connection">In the transaction of the batch.</param>
    /// <param name="plan">
    /// Where it has no new message, only the commit is left: what was found is as good as what is written now once both are committed, for
    /// the locks have written something, and this commit comes after that of what was found.
    /// </param>
    /// <exception cref="RowCountException">A statement did not do what the plan counts on. Nothing is committed.</exception>
    public static async Task<int> WriteAsync(NpgsqlConnection connection, BatchPlan plan)
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
        commands.Add(Messages(plan));
        commands.Add(Envelopes(plan));
        commands.Add(Heads(plan));
        commands.Add(Conversations(plan));
        var participants = plan.Activity.ToArray();
        if (participants.Length > 0)
            commands.Add(Participants(participants));
    }

    private static NpgsqlBatchCommand Messages(BatchPlan plan)
    {
        var messages = plan.Messages;
        return new NpgsqlBatchCommand(PersistSql.InsertMessages)
        {
            Parameters =
            {
                Columns.Of(messages, row => row.Message.MessageId),
                Columns.Of(messages, row => row.Message.ConversationId),
                Columns.Of(messages, row => row.Message.ConversationSeq),
                Columns.Of(messages, row => row.Message.AuthorId),
                Columns.Of(messages, row => row.AuthorSeq),
                Columns.Of(messages, row => row.Message.ClientId.Key),
                Columns.Of(messages, row => row.Message.ClientId.IsUuid ? null : row.Message.ClientId.Text),
                Columns.Of(messages, row => (short)row.Message.Type),
                Columns.Of(messages, row => row.Message.Body),
                Columns.Of(messages, row => row.Message.CreatedAt),
                Columns.Of(messages, row => Fingerprint.Of(row.Message.ConversationId, row.Message.Type, row.Message.Body.Span)),
            },
        };
    }

    private static NpgsqlBatchCommand Envelopes(BatchPlan plan) => new(PersistSql.InsertEnvelopes)
    {
        Parameters =
        {
            Columns.Of(plan.Envelopes, envelope => envelope.UserId),
            Columns.Of(plan.Envelopes, envelope => envelope.Seq),
            Columns.Of(plan.Envelopes, envelope => envelope.Message.Id),
            Columns.Of(plan.Envelopes, envelope => envelope.Message.LastSeq),
            new NpgsqlParameter<int> { TypedValue = plan.Epoch },
        },
    };

    private static NpgsqlBatchCommand Heads(BatchPlan plan) => new(PersistSql.MoveHeads)
    {
        Parameters = { Columns.Of(plan.Heads, head => head.Key), Columns.Of(plan.Heads, head => head.Value) },
    };

    private static NpgsqlBatchCommand Conversations(BatchPlan plan)
    {
        var heads = plan.Conversations.Values;
        return new NpgsqlBatchCommand(PersistSql.MoveConversations)
        {
            Parameters =
            {
                Columns.Of(heads, head => head.Id),
                Columns.Of(heads, head => head.LastSeq),
                Columns.Of(heads, head => head.LastMessageAt),
            },
        };
    }

    private static NpgsqlBatchCommand Participants((long Conversation, long User, DateTime Minute)[] rows) =>
        new(PersistSql.TouchParticipants)
        {
            Parameters =
            {
                Columns.Of(rows, row => row.Conversation), Columns.Of(rows, row => row.User), Columns.Of(rows, row => row.Minute),
            },
        };
}
