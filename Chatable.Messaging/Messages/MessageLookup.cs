using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>Finds what became of a message, for those who cannot wait to be told.</summary>
public sealed class MessageLookup(NpgsqlDataSource database)
{
    // Served by messages_author_client_key.
    private const string Find = """
        SELECT message_id, author_seq, conversation_id, conversation_seq, created_at
        FROM messages WHERE author_id = $1 AND client_id = $2
        """;

    /// <summary>Where the author's message of this name stands; null where none is stored yet.</summary>
    public Task<StoredPlace?> FindAsync(long author, ClientId clientId, CancellationToken cancellationToken) =>
        database.ReadAsync<StoredPlace?>(async () =>
        {
            await using var command = database.CreateCommand(Find);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = author });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = clientId.Key });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            return await row.ReadAsync(cancellationToken)
                ? new StoredPlace(clientId, row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetDateTime(4))
                : null;
        });
}
