namespace Chatable.Messaging.Wire;

/// <summary>
/// An entry of users' logs in the form that everything after the planner carries: a type and JSON fields that no other part reads. Only the
/// planner, and the reader of stored rows, know which kinds of entries there are. Each user's seq is not part of it: see
/// <see cref="Recipients"/>.
/// </summary>
public readonly record struct LogEntry
{
    /// <summary>The type of the frame, such as <c>message</c>.</summary>
    public required string Type { get; init; }

    /// <summary>
    /// The fields of the frame besides its type and seq: JSON without the braces around it, as <see cref="CompactJson"/> writes it.
    /// <code>"message_id":"0191…","conversation":3,"conversation_seq":2,"created_at":"…","author":"bob", …</code>
    /// </summary>
    public required ReadOnlyMemory<byte> Fields { get; init; }

    /// <summary>The first bytes of <see cref="Fields"/>, up to here, are also the fields of the command's ack.</summary>
    public required int AckLength { get; init; }

    /// <summary>The user whose command made the entry. Only this user's devices receive the command's id.</summary>
    public required long ActorId { get; init; }

    /// <summary>The id that the actor's client gave the command.</summary>
    public required ClientId CommandId { get; init; }

    /// <summary>Distinguishes the command from another one with the same id: see <see cref="Fingerprint.OfCommand"/>.</summary>
    public required Guid Content { get; init; }

    public ReadOnlyMemory<byte> AckFields => Fields[..AckLength];

    // str type, var actor, client id, 16 content, var ack length, var length, fields
    internal void Write(WireWriter writer)
    {
        writer.ShortText(Type);
        writer.Varint(ActorId);
        writer.ShortClientId(CommandId);
        writer.Uuid(Content);
        writer.Varint(AckLength);
        writer.Varint(Fields.Length);
        writer.Raw(Fields.Span);
    }

    internal static LogEntry Read(ref WireReader reader)
    {
        var type = reader.ShortText();
        var actor = reader.Varint();
        var commandId = reader.ShortClientId();
        var content = reader.Uuid();
        var ackLength = reader.Varint();
        var fields = CompactJson.Read(ref reader);
        if (ackLength < 0 || ackLength > fields.Length || CompactJson.LengthOf(fields.Span[..(int)ackLength]) < 0)
            reader.Fail();

        return new LogEntry
        {
            Type = type,
            Fields = fields,
            AckLength = reader.Failed ? 0 : (int)ackLength,
            ActorId = actor,
            CommandId = commandId,
            Content = content,
        };
    }
}
