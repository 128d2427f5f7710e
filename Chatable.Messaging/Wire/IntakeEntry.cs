using System.Buffers;

namespace Chatable.Messaging.Wire;

/// <summary>
/// A message as the API server appends it to the intake: authorised, recipient resolved, not yet stored.
/// <code>
/// u8  version (1)
/// u8  type
/// 16  message id          16 origin boot id      i64 origin connection
/// i64 author id           i64 recipient id
/// str author's name       str recipient's name   str client id        str "after" client id, empty for none
/// 25  trace context
/// u32 length, body (UTF-8)
/// </code>
/// </summary>
public readonly record struct IntakeEntry
{
    /// <summary>The length of the prefix that ends with the message id. This prefix distinguishes an entry from every other.</summary>
    internal const int IdentityLength = 18;

    private const byte Version = 1;

    public required Guid MessageId { get; init; }
    public required ClientId ClientId { get; init; }

    /// <summary>
    /// The author's previous message in this conversation on the same socket that had no ack yet. If it is neither stored nor earlier in
    /// the log, Redis has lost it, and this message must not be stored before it.
    /// </summary>
    public ClientId? After { get; init; }

    public required long AuthorId { get; init; }
    public required string Author { get; init; }
    public required long RecipientId { get; init; }
    public required string Recipient { get; init; }
    public MessageType Type { get; init; }

    /// <summary>The text as UTF-8, validated on arrival: valid, not empty, within the limit, without U+0000.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    public required Origin Origin { get; init; }
    public TraceParent Trace { get; init; }

    public byte[] Encode()
    {
        var scratch = PooledJsonWriter.Take();
        WriteTo(scratch.Output);
        return scratch.Finish();
    }

    public void WriteTo(IBufferWriter<byte> output)
    {
        var writer = new WireWriter(output);
        writer.Byte(Version);
        writer.Byte((byte)Type);
        writer.Uuid(MessageId);
        writer.Uuid(Origin.BootId);
        writer.Int64(Origin.ConnectionId);
        writer.Int64(AuthorId);
        writer.Int64(RecipientId);
        writer.ShortText(Author);
        writer.ShortText(Recipient);
        writer.ClientId(ClientId);
        if (After is { } after)
            writer.ClientId(after);
        else
            writer.Byte(0);
        Trace.Write(writer);
        writer.Bytes(Body.Span);
    }

    /// <summary>Returns false for bytes that this version did not write. Such an entry becomes a dead letter.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out IntakeEntry entry)
    {
        var reader = new WireReader(bytes);
        var version = reader.Byte();
        var type = (MessageType)reader.Byte();
        var messageId = reader.Uuid();
        var origin = new Origin(reader.Uuid(), reader.Int64());
        var authorId = reader.Int64();
        var recipientId = reader.Int64();
        var author = reader.ShortText();
        var recipient = reader.ShortText();
        var named = ClientId.TryParse(reader.ShortBytes(), out var clientId);
        var afterText = reader.ShortBytes();
        var follows = ClientId.TryParse(afterText, out var after);
        var trace = TraceParent.Read(ref reader);
        var body = reader.Bytes();

        entry = new IntakeEntry
        {
            MessageId = messageId,
            ClientId = clientId,
            After = follows ? after : null,
            AuthorId = authorId,
            Author = author,
            RecipientId = recipientId,
            Recipient = recipient,
            Type = type,
            Body = body,
            Origin = origin,
            Trace = trace,
        };
        return version == Version && named && (follows || afterText.IsEmpty) && reader.AtEnd && !body.IsEmpty;
    }
}
