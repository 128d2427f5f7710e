using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>Finds what became of a message, for those who cannot wait to be told.</summary>
public sealed class MessageLookup(NpgsqlDataSource database)
{
    // Served by messages_author_client_key.
    private const string Find = """
        SELECT m.message_id, m.author_seq, m.conversation_id, m.conversation_seq, m.created_at, other.username,
               m.fingerprint, m.type, CASE WHEN m.fingerprint IS NULL THEN m.body END
        FROM messages m
        JOIN conversations c ON c.id = m.conversation_id
        JOIN users other ON other.id = CASE WHEN c.user_low = m.author_id THEN c.user_high ELSE c.user_low END
        WHERE m.author_id = $1 AND m.client_id = $2
        """;

    /// <summary>The author's message of this name; null where none is stored yet.</summary>
    public Task<FoundMessage?> FindAsync(long author, ClientId clientId, CancellationToken cancellationToken) =>
        database.ReadAsync<FoundMessage?>(async () =>
        {
            await using var command = database.CreateCommand(Find);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = author });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = clientId.Key });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken))
                return null;

            var place = new StoredPlace(
                clientId, row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetDateTime(4));
            var fingerprint = row.IsDBNull(6)
                ? Fingerprint.Of(place.ConversationId, (MessageType)row.GetInt16(7), row.GetFieldValue<byte[]>(8))
                : row.GetGuid(6);
            return new FoundMessage(place, row.GetString(5), fingerprint);
        });
}

/// <summary>A stored message: where it stands, to whom it went, and what was sent as it.</summary>
public sealed record FoundMessage(StoredPlace Place, string Recipient, Guid Fingerprint)
{
    /// <summary>Whether it is what is sent here. Letter case does not distinguish users.</summary>
    public bool Is(string recipient, MessageType type, ReadOnlySpan<byte> body) =>
        Recipient.Equals(recipient, StringComparison.OrdinalIgnoreCase)
        && Fingerprint == Messages.Fingerprint.Of(Place.ConversationId, type, body);
}
