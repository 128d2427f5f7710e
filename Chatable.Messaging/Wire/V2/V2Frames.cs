using System.Buffers.Text;
using System.Text;

namespace Chatable.Messaging.Wire.V2;

/// <summary>
/// The frames about a user's log that the server sends to a v2 client. Which other fields an entry has depends on its type; this is a
/// message.
/// <code>
/// {"type":"message","seq":7,"message_id":"0191…","conversation":3,"conversation_seq":2,"created_at":"2015-09-03T03:13:12.817650Z",
///  "author":"bob","recipient":"alice","message":"hello","message_type":0,"client_id":"c1"}              client_id: to the author only
/// {"type":"ack","seq":7,"message_id":"0191…","conversation":3,"conversation_seq":2,"created_at":"2015-09-03T03:13:12.817650Z",
///  "client_id":"c1","duplicate":true}                                                                   duplicate: only where true
/// </code>
/// </summary>
public static class V2Frames
{
    // The longest names, ids and numbers take a third of this.
    private const int MaxBytesBesideTheText = 1024;

    // A character that JSON requires to be escaped may take six bytes instead of one.
    private const int MaxEscape = 6;

    private const int MaxNumberBytes = 20;

    /// <summary>The largest frame for a message whose text has this many bytes.</summary>
    public static int MaxBytes(int bodyBytes) => MaxBytesBesideTheText + MaxEscape * bodyBytes;

    /// <summary>Encodes an entry with its seq in one user's log. Only the actor receives the command's id.</summary>
    public static PooledBytes Entry(in LogEntry entry, long seq, bool forActor)
    {
        var hasId = forActor && entry.AckLength > 0;
        var frame = PooledBytes.Rent(
            "{\"type\":\"\",\"seq\":,"u8.Length + Encoding.UTF8.GetByteCount(entry.Type) + MaxNumberBytes
            + CompactJson.LengthOf(entry.Fields.Span) + MaxTailBytes(hasId, entry.CommandId));
        var length = Append(frame.Span, 0, "{\"type\":\""u8);
        length += Encoding.UTF8.GetBytes(entry.Type, frame.Span[length..]);
        length = AppendSeq(frame.Span, Append(frame.Span, length, "\","u8), seq);
        length = AppendFields(frame.Span, length, entry.Fields.Span);
        return frame.Cut(AppendTail(frame.Span, length, hasId, entry.CommandId, duplicate: false));
    }

    /// <summary>Encodes the answer to a command, with the seq of its entry in the actor's log.</summary>
    public static PooledBytes Ack(ClientId commandId, ReadOnlySpan<byte> ackFields, long seq, bool duplicate)
    {
        var frame = PooledBytes.Rent(
            "{\"type\":\"ack\",\"seq\":,"u8.Length + MaxNumberBytes + CompactJson.LengthOf(ackFields) + MaxTailBytes(hasId: true, commandId));
        var length = AppendSeq(frame.Span, Append(frame.Span, 0, "{\"type\":\"ack\","u8), seq);
        length = AppendFields(frame.Span, length, ackFields);
        return frame.Cut(AppendTail(frame.Span, length, hasId: true, commandId, duplicate));
    }

    private static int MaxTailBytes(bool hasId, ClientId commandId) =>
        1 + (hasId ? ",\"client_id\":\"\",\"duplicate\":true"u8.Length + (commandId.IsUuid ? 36 : commandId.Text.Length) : 0);

    private static int AppendSeq(Span<byte> frame, int length, long seq)
    {
        length = Append(frame, length, "\"seq\":"u8);
        Utf8Formatter.TryFormat(seq, frame[length..], out var digits);
        return length + digits;
    }

    private static int AppendFields(Span<byte> frame, int length, ReadOnlySpan<byte> fields)
    {
        if (fields.IsEmpty)
            return length;
        length = Append(frame, length, ","u8);
        return length + CompactJson.Expand(fields, frame[length..]);
    }

    // Ids need no escapes.
    private static int AppendTail(Span<byte> frame, int length, bool hasId, ClientId commandId, bool duplicate)
    {
        if (hasId)
        {
            length = Append(frame, length, ",\"client_id\":\""u8);
            if (commandId.IsUuid)
            {
                commandId.Key.TryFormat(frame[length..], out var written);
                length += written;
            }
            else
            {
                length += Encoding.ASCII.GetBytes(commandId.Text, frame[length..]);
            }

            frame[length++] = (byte)'"';
        }

        if (duplicate)
            length = Append(frame, length, ",\"duplicate\":true"u8);
        return Append(frame, length, "}"u8);
    }

    private static int Append(Span<byte> frame, int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(frame[length..]);
        return length + bytes.Length;
    }
}
