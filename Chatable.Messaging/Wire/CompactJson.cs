using System.Buffers;
using System.Buffers.Binary;

namespace Chatable.Messaging.Wire;

/// <summary>
/// UTF-8 JSON in which bytes that UTF-8 never contains stand for what most entries have in common. It takes less than half of the room in
/// the servers' queues. Whoever reads it need not know what the fields mean.
/// <code>
/// FF n          piece n of <see cref="Pieces"/>
/// FE 16 bytes   a UUID, in quotes
/// FD i64        a time in 100 ns ticks, UTC, in quotes
/// </code>
/// A version of the format has its pieces: a new piece needs a new version of <see cref="DispatchBatch"/>.
/// </summary>
internal static class CompactJson
{
    private const byte Piece = 0xFF, Uuid = 0xFE, Time = 0xFD;

    private const int UuidLength = 36;

    private static readonly SearchValues<byte> s_marks = SearchValues.Create(Piece, Uuid, Time);

    private static readonly byte[][] s_pieces =
    [
        "\"message_id\":"u8.ToArray(), ",\"conversation\":"u8.ToArray(), ",\"conversation_seq\":"u8.ToArray(),
        ",\"created_at\":"u8.ToArray(), ",\"author\":\""u8.ToArray(), "\",\"recipient\":\""u8.ToArray(), "\",\"message\":"u8.ToArray(),
        ",\"message_type\":"u8.ToArray(),
    ];

    /// <summary>The indexes of the pieces.</summary>
    public enum Pieces : byte
    {
        MessageId,
        Conversation,
        ConversationSeq,
        CreatedAt,
        Author,
        Recipient,
        Message,
        MessageType,
    }

    public static void Write(this WireWriter writer, Pieces piece)
    {
        writer.Byte(Piece);
        writer.Byte((byte)piece);
    }

    public static void WriteUuid(this WireWriter writer, Guid value)
    {
        writer.Byte(Uuid);
        writer.Uuid(value);
    }

    public static void WriteTime(this WireWriter writer, DateTime value)
    {
        writer.Byte(Time);
        writer.Int64(value.Ticks);
    }

    /// <summary>Reads <c>var length</c> and so many bytes. Bytes that are not in this format are a failure.</summary>
    public static ReadOnlyMemory<byte> Read(ref WireReader reader)
    {
        var compact = reader.Raw(reader.Length());
        if (LengthOf(compact.Span) < 0)
            reader.Fail();
        return compact;
    }

    /// <summary>The length of the JSON, or -1 if the bytes are not in this format.</summary>
    public static int LengthOf(ReadOnlySpan<byte> compact)
    {
        var length = 0;
        while (compact.IndexOfAny(s_marks) is var run and >= 0)
        {
            length += run;
            compact = compact[run..];
            var (size, written) = compact[0] switch
            {
                Piece => compact.Length > 1 && compact[1] < s_pieces.Length ? (2, s_pieces[compact[1]].Length) : (0, 0),
                Uuid => (17, UuidLength + 2),
                _ => (9, Timestamps.Length + 2),
            };
            if (size == 0 || size > compact.Length || compact[0] == Time && !IsTime(BinaryPrimitives.ReadInt64LittleEndian(compact[1..])))
                return -1;
            length += written;
            compact = compact[size..];
        }

        return length + compact.Length;
    }

    /// <summary>Writes the JSON, and returns its length.</summary>
    /// <param name="compact">Bytes for which <see cref="LengthOf"/> is not negative.</param>
    /// <param name="json">Has at least that length.</param>
    public static int Expand(ReadOnlySpan<byte> compact, Span<byte> json)
    {
        var length = 0;
        while (compact.IndexOfAny(s_marks) is var run and >= 0)
        {
            compact[..run].CopyTo(json[length..]);
            length += run;
            compact = compact[run..];
            switch (compact[0])
            {
                case Piece:
                    var piece = s_pieces[compact[1]];
                    piece.CopyTo(json[length..]);
                    length += piece.Length;
                    compact = compact[2..];
                    break;
                case Uuid:
                    json[length++] = (byte)'"';
                    new Guid(compact[1..17], bigEndian: true).TryFormat(json[length..], out var written);
                    length += written;
                    json[length++] = (byte)'"';
                    compact = compact[17..];
                    break;
                default:
                    json[length++] = (byte)'"';
                    var time = new DateTime(BinaryPrimitives.ReadInt64LittleEndian(compact[1..]), DateTimeKind.Utc);
                    length += Timestamps.Format(time, json[length..]);
                    json[length++] = (byte)'"';
                    compact = compact[9..];
                    break;
            }
        }

        compact.CopyTo(json[length..]);
        return length + compact.Length;
    }

    /// <summary>The JSON with braces around it.</summary>
    public static byte[] ToObject(ReadOnlySpan<byte> compact)
    {
        var text = new byte[LengthOf(compact) + 2];
        text[0] = (byte)'{';
        Expand(compact, text.AsSpan(1));
        text[^1] = (byte)'}';
        return text;
    }

    private static bool IsTime(long ticks) => ticks >= 0 && ticks <= DateTime.MaxValue.Ticks;
}
