using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>Looks up whether a message is stored, for callers that cannot wait for the worker's answer.</summary>
public sealed class MessageLookup(NpgsqlDataSource database)
{
    // Uses the index messages_author_client_key. The message found may be committed on the primary alone: its commit did not wait for the
    // standby to the end, or the primary was restarted. The row lock writes something, so the commit of this statement waits for the
    // standby. While it waits, the next caller skips the locked row and finds nothing, instead of waiting too.
    private const string Find = $"""
        SELECT m.message_id, m.author_seq, m.conversation_id, m.conversation_seq, m.created_at, other.username,
               m.fingerprint, m.type, CASE WHEN m.fingerprint IS NULL THEN m.body END,
               {Replication.Required}
        FROM messages m
        JOIN conversations c ON c.id = m.conversation_id
        JOIN users other ON other.id = CASE WHEN c.user_low = m.author_id THEN c.user_high ELSE c.user_low END
        WHERE m.author_id = $1 AND m.client_id = $2
        FOR NO KEY UPDATE OF m SKIP LOCKED
        """;

    /// <summary>
    /// Finds the author's message with this client id. Null if it is not stored yet, or if another caller is looking it up right now.
    /// </summary>
    /// <exception cref="NpgsqlException">Thrown, among other reasons, if the message could be lost with the primary.</exception>
    public Task<FoundMessage?> FindAsync(long author, ClientId clientId, CancellationToken cancellationToken) => database.ReadAsync(
        connection => Replication.CommitAsync(connection, () => FindAsync(connection, author, clientId)), cancellationToken);

    private static async Task<FoundMessage?> FindAsync(NpgsqlConnection connection, long author, ClientId clientId)
    {
        await using var command = new NpgsqlCommand(Find, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = author });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = clientId.Key });
        await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
        if (!await row.ReadAsync(CancellationToken.None))
            return null;

        var place = new StoredPlace(
            clientId, row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetDateTime(4));
        var fingerprint = row.IsDBNull(6)
            ? Fingerprint.Of(place.ConversationId, (MessageType)row.GetInt16(7), row.GetFieldValue<byte[]>(8))
            : row.GetGuid(6);
        var found = new FoundMessage(place, row.GetString(5), fingerprint);
        // Reads the commit's answer. Closing the reader would ignore a failure.
        await row.NextResultAsync(CancellationToken.None);
        return found;
    }
}

/// <summary>A stored message: its place, its recipient, and the fingerprint of its content.</summary>
public sealed record FoundMessage(StoredPlace Place, string Recipient, Guid Fingerprint)
{
    /// <summary>Whether the stored message equals the given one. Usernames are not case-sensitive.</summary>
    public bool Is(string recipient, MessageType type, ReadOnlySpan<byte> body) =>
        Recipient.Equals(recipient, StringComparison.OrdinalIgnoreCase)
        && Fingerprint == Wire.Fingerprint.Of(Place.ConversationId, type, body);
}
