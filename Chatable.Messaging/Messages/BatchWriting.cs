using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>The second round trip of a batch: all rows of its plan.</summary>
internal static class BatchWriting
{
    /// <exception cref="RowCountException">A statement did not do what the plan counts on: do not commit.</exception>
    public static async Task WriteAsync(NpgsqlConnection connection, BatchPlan plan, CancellationToken cancellationToken)
    {
        var participants = plan.Activity.ToArray();
        (string Statement, int Rows, NpgsqlBatchCommand Command)[] steps =
        [
            (nameof(PersistSql.InsertMessages), plan.Messages.Count, Messages(plan)),
            (nameof(PersistSql.InsertEnvelopes), plan.Envelopes.Count, Envelopes(plan)),
            (nameof(PersistSql.MoveHeads), plan.Heads.Count, Heads(plan)),
            (nameof(PersistSql.MoveConversations), plan.Conversations.Count, Conversations(plan)),
        ];
        if (participants.Length > 0)
            steps = [.. steps, (nameof(PersistSql.TouchParticipants), participants.Length, Participants(participants))];
        await using var batch = new NpgsqlBatch(connection) { Timeout = BatchReading.TimeoutSeconds };
        foreach (var step in steps)
            batch.BatchCommands.Add(step.Command);

        await batch.PrepareAsync(cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        foreach (var (statement, rows, command) in steps)
        {
            if (command.RecordsAffected != rows)
                throw new RowCountException(statement, rows, command.RecordsAffected);
        }
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
            },
        };
    }

    private static NpgsqlBatchCommand Envelopes(BatchPlan plan) => new(PersistSql.InsertEnvelopes)
    {
        Parameters =
        {
            Columns.Of(plan.Envelopes, envelope => envelope.UserId),
            Columns.Of(plan.Envelopes, envelope => envelope.Seq),
            Columns.Of(plan.Envelopes, envelope => envelope.MessageId),
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
                Columns.Of(heads, head => head.LastMessageId!.Value),
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
