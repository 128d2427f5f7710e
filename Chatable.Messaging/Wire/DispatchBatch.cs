namespace Chatable.Messaging.Wire;

/// <summary>
/// The bytes of one entry of a server's queue: <c>u8 version (2)</c>, then items until the end, each a <c>u8 kind</c> and:
/// <code>
/// 1 stored    message · var n, n × (i64 user, i64 seq) · origin · trace
/// 2 repeated  16 message id · client id · var author id · var author seq · var conversation · var conversation seq
///             · i64 created at (ticks) · var n, n × (i64 user, i64 head) · origin
/// 3 refused   client id · u8 code · origin
/// 4 stored    of another epoch than the first: var its number · as 1
/// 5 repeated  of another epoch than the first: var its number · as 2
/// client id   str; or u8 0, 16 UUID
/// origin      16 boot id · var connection
/// trace       u8 0; or u8 1, 25 trace context
/// </code>
/// Version 1, which older workers write, is read too: each var is an i64, or a u32 if it is a length; a client id is always str; a trace
/// always has its 25 bytes. A server drops a batch of any other version. The reconciler then reads its stored messages from PostgreSQL and
/// sends them to the sockets. The authors of its refused messages are not told.
/// </summary>
public static class DispatchBatch
{
    internal const byte Version = 2;

    private const byte WideVersion = 1;

    public static byte[] Encode(IEnumerable<IDispatch> items) => Join([.. items.Select(item => (ReadOnlyMemory<byte>)EncodeItem(item))]);

    /// <summary>Encodes one item, to be joined into the batches of several servers.</summary>
    public static byte[] EncodeItem(IDispatch item)
    {
        var scratch = PooledJsonWriter.Take();
        Write(new WireWriter(scratch.Output), item);
        return scratch.Finish();
    }

    /// <summary>Joins items from <see cref="EncodeItem"/> into a batch.</summary>
    public static byte[] Join(IReadOnlyCollection<ReadOnlyMemory<byte>> encodedItems)
    {
        var joined = new byte[1 + encodedItems.Sum(item => item.Length)];
        joined[0] = Version;
        var length = 1;
        foreach (var item in encodedItems)
        {
            item.CopyTo(joined.AsMemory(length));
            length += item.Length;
        }

        return joined;
    }

    /// <summary>
    /// Passes each item to the handler in turn. Returns false at the first item that is not in the format of <see cref="Encode"/>; the
    /// items before it were passed on. The items refer to <paramref name="bytes"/>, which must not change afterwards.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, IDispatchHandler handler)
    {
        var reader = new WireReader(bytes);
        var version = reader.Byte();
        reader.IsWide = version == WideVersion;
        if (version is not (Version or WideVersion))
            return false;

        while (!reader.AtEnd)
        {
            if (!TryReadItem(ref reader, handler))
                return false;
        }

        return true;
    }

    private static void Write(WireWriter writer, IDispatch item)
    {
        switch (item)
        {
            case MessageStored stored:
                WriteKind(writer, 1, 4, stored.Epoch);
                stored.Message.Write(writer);
                WriteRecipients(writer, stored.Recipients);
                WriteOrigin(writer, stored.Origin);
                stored.Trace.WriteShort(writer);
                break;
            case MessageRepeated repeated:
                WriteKind(writer, 2, 5, repeated.Epoch);
                WriteRepeated(writer, repeated);
                break;
            case MessageRefused refused:
                writer.Byte(3);
                writer.ShortClientId(refused.ClientId);
                writer.Byte((byte)refused.Code);
                WriteOrigin(writer, refused.Origin);
                break;
            default:
                throw new ArgumentException($"No encoding for {item.GetType().Name}.", nameof(item));
        }
    }

    // Servers older than epoch numbers can read an item without one.
    private static void WriteKind(WireWriter writer, byte ofFirstEpoch, byte ofLater, int epoch)
    {
        writer.Byte(epoch == 0 ? ofFirstEpoch : ofLater);
        if (epoch != 0)
            writer.Varint(epoch);
    }

    private static void WriteRepeated(WireWriter writer, MessageRepeated item)
    {
        writer.Uuid(item.MessageId);
        writer.ShortClientId(item.ClientId);
        writer.Varint(item.AuthorId);
        writer.Varint(item.AuthorSeq);
        writer.Varint(item.ConversationId);
        writer.Varint(item.ConversationSeq);
        writer.Int64(item.CreatedAt.Ticks);
        WriteRecipients(writer, item.Heads);
        WriteOrigin(writer, item.Origin);
    }

    private static void WriteRecipients(WireWriter writer, Recipients recipients)
    {
        writer.Varint(recipients.Count);
        writer.Raw(recipients.Bytes.Span);
    }

    private static void WriteOrigin(WireWriter writer, Origin origin)
    {
        writer.Uuid(origin.BootId);
        writer.Varint(origin.ConnectionId);
    }

    private static bool TryReadItem(ref WireReader reader, IDispatchHandler handler) => reader.Byte() switch
    {
        1 => TryReadStored(ref reader, handler, epoch: 0),
        2 => TryReadRepeated(ref reader, handler, epoch: 0),
        3 => TryReadRefused(ref reader, handler),
        4 => TryReadStored(ref reader, handler, ReadEpoch(ref reader)),
        5 => TryReadRepeated(ref reader, handler, ReadEpoch(ref reader)),
        _ => false,
    };

    private static int ReadEpoch(ref WireReader reader)
    {
        if (reader.Integer() is var number and > 0 and <= int.MaxValue)
            return (int)number;
        reader.Fail();
        return 0;
    }

    private static bool TryReadStored(ref WireReader reader, IDispatchHandler handler, int epoch)
    {
        if (!MessageRecord.TryRead(ref reader, out var message))
            return false;
        var stored = new MessageStored(message, ReadRecipients(ref reader), ReadOrigin(ref reader), TraceParent.ReadShort(ref reader))
        {
            Epoch = epoch,
        };
        if (!reader.Failed)
            handler.Handle(stored);
        return !reader.Failed;
    }

    private static bool TryReadRepeated(ref WireReader reader, IDispatchHandler handler, int epoch)
    {
        var messageId = reader.Uuid();
        var clientId = reader.ShortClientId();
        var (authorId, authorSeq) = (reader.Integer(), reader.Integer());
        var (conversationId, conversationSeq) = (reader.Integer(), reader.Integer());
        var ticks = reader.Int64();
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
            return false;

        var repeated = new MessageRepeated(
            messageId, clientId, authorId, authorSeq, conversationId, conversationSeq, new DateTime(ticks, DateTimeKind.Utc),
            ReadRecipients(ref reader), ReadOrigin(ref reader))
        {
            Epoch = epoch,
        };
        if (!reader.Failed)
            handler.Handle(repeated);
        return !reader.Failed;
    }

    private static bool TryReadRefused(ref WireReader reader, IDispatchHandler handler)
    {
        var refused = new MessageRefused(reader.ShortClientId(), (RefusalCode)reader.Byte(), ReadOrigin(ref reader));
        if (!reader.Failed)
            handler.Handle(refused);
        return !reader.Failed;
    }

    private static Recipients ReadRecipients(ref WireReader reader) =>
        new(reader.Raw(reader.Length(Recipients.Unit) * Recipients.Unit));

    private static Origin ReadOrigin(ref WireReader reader) => new(reader.Uuid(), reader.Integer());
}
