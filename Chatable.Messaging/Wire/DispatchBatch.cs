using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Chatable.Messaging.Wire;

/// <summary>
/// The bytes of one entry of a server's queue: <c>u8 version (1)</c>, then items until the end, each a <c>u8 kind</c> and:
/// <code>
/// 1 stored    message · u32 n, n × (i64 user, i64 seq) · origin · trace
/// 2 repeated  16 message id · str client id · i64 author id · i64 author seq · i64 conversation · i64 conversation seq
///             · i64 created at (ticks) · u32 n, n × (i64 user, i64 head) · origin
/// 3 refused   str client id · u8 code · origin
/// origin      16 boot id · i64 connection
/// </code>
/// </summary>
public static class DispatchBatch
{
    internal const byte Version = 1;

    public static byte[] Encode(IEnumerable<Dispatch> items) => Join([.. items.Select(item => (ReadOnlyMemory<byte>)EncodeItem(item))]);

    /// <summary>The bytes of one item, to be joined into the batches of several servers.</summary>
    public static byte[] EncodeItem(Dispatch item)
    {
        var scratch = Scratch.Take();
        Write(new WireWriter(scratch.Output), item);
        return scratch.Finish();
    }

    /// <summary>A batch of items encoded by <see cref="EncodeItem"/>.</summary>
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

    /// <summary>False where any byte is not as <see cref="Encode"/> writes it; <paramref name="items"/> then holds nothing.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out IReadOnlyList<Dispatch> items)
    {
        var reader = new WireReader(bytes);
        var decoded = new List<Dispatch>();
        items = [];
        if (reader.Byte() != Version)
            return false;

        while (!reader.AtEnd)
        {
            if (ReadItem(ref reader) is not { } item || reader.Failed)
                return false;
            decoded.Add(item);
        }

        items = decoded;
        return true;
    }

    private static void Write(WireWriter writer, Dispatch item)
    {
        switch (item)
        {
            case MessageStored stored:
                writer.Byte(1);
                stored.Message.Write(writer);
                WriteRecipients(writer, stored.Recipients);
                WriteOrigin(writer, stored.Origin);
                stored.Trace.Write(writer);
                break;
            case MessageRepeated repeated:
                writer.Byte(2);
                WriteRepeated(writer, repeated);
                break;
            case MessageRefused refused:
                writer.Byte(3);
                writer.ClientId(refused.ClientId);
                writer.Byte((byte)refused.Code);
                WriteOrigin(writer, refused.Origin);
                break;
            default:
                throw new ArgumentException($"No encoding for {item.GetType().Name}.", nameof(item));
        }
    }

    private static void WriteRepeated(WireWriter writer, MessageRepeated item)
    {
        writer.Uuid(item.MessageId);
        writer.ClientId(item.ClientId);
        writer.Int64(item.AuthorId);
        writer.Int64(item.AuthorSeq);
        writer.Int64(item.ConversationId);
        writer.Int64(item.ConversationSeq);
        writer.Int64(item.CreatedAt.Ticks);
        WriteRecipients(writer, item.Heads);
        WriteOrigin(writer, item.Origin);
    }

    private static void WriteRecipients(WireWriter writer, ImmutableArray<Recipient> recipients)
    {
        writer.Count(recipients.Length);
        foreach (var (userId, seq) in recipients)
        {
            writer.Int64(userId);
            writer.Int64(seq);
        }
    }

    private static void WriteOrigin(WireWriter writer, Origin origin)
    {
        writer.Uuid(origin.BootId);
        writer.Int64(origin.ConnectionId);
    }

    private static Dispatch? ReadItem(ref WireReader reader) => reader.Byte() switch
    {
        1 => MessageRecord.Read(ref reader) is { } message
            ? new MessageStored(message, ReadRecipients(ref reader), ReadOrigin(ref reader), TraceParent.Read(ref reader))
            : null,
        2 => ReadRepeated(ref reader),
        3 => ClientId.TryParse(reader.ShortBytes(), out var clientId)
            ? new MessageRefused(clientId, (RefusalCode)reader.Byte(), ReadOrigin(ref reader))
            : null,
        _ => null,
    };

    private static MessageRepeated? ReadRepeated(ref WireReader reader)
    {
        var messageId = reader.Uuid();
        var named = ClientId.TryParse(reader.ShortBytes(), out var clientId);
        var (authorId, authorSeq) = (reader.Int64(), reader.Int64());
        var (conversationId, conversationSeq) = (reader.Int64(), reader.Int64());
        var ticks = reader.Int64();
        if (!named || ticks < 0 || ticks > DateTime.MaxValue.Ticks)
            return null;

        return new MessageRepeated(
            messageId, clientId, authorId, authorSeq, conversationId, conversationSeq, new DateTime(ticks, DateTimeKind.Utc),
            ReadRecipients(ref reader), ReadOrigin(ref reader));
    }

    private static ImmutableArray<Recipient> ReadRecipients(ref WireReader reader)
    {
        var recipients = new Recipient[reader.Count(unit: 16)];
        for (var i = 0; i < recipients.Length; i++)
            recipients[i] = new Recipient(reader.Int64(), reader.Int64());
        return ImmutableCollectionsMarshal.AsImmutableArray(recipients);
    }

    private static Origin ReadOrigin(ref WireReader reader) => new(reader.Uuid(), reader.Int64());
}
