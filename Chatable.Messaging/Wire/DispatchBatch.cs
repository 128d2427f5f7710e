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

    internal const byte WideVersion = 1;

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
}

/// <summary>
/// Reads the items of a batch in turn: after each <see cref="Read"/> that returns true, the property named by <see cref="Kind"/> has the
/// item. Items refer to the batch's bytes, which must not change afterwards.
/// </summary>
public ref struct DispatchBatchReader
{
    private readonly bool _isKnownVersion;
    private WireReader _reader;

    public DispatchBatchReader(ReadOnlyMemory<byte> batch)
    {
        _reader = new WireReader(batch);
        var version = _reader.Byte();
        _reader.IsWide = version == DispatchBatch.WideVersion;
        _isKnownVersion = version is DispatchBatch.Version or DispatchBatch.WideVersion;
    }

    public DispatchKind Kind { get; private set; }

    public MessageStored Stored { get; private set; }

    public MessageRepeated Repeated { get; private set; }

    public MessageRefused Refused { get; private set; }

    /// <summary>Whether the whole batch has been read: false if <see cref="Read"/> stopped at something it cannot read.</summary>
    public readonly bool IsAtEnd => _isKnownVersion && _reader.AtEnd;

    /// <summary>Moves to the next item. Returns false at the end, and at the first item that is not in the format of a batch.</summary>
    public bool Read()
    {
        if (!_isKnownVersion || _reader.AtEnd || _reader.Failed)
            return false;
        (Kind, var isOfFirstEpoch) = _reader.Byte() switch
        {
            1 => (DispatchKind.Stored, true),
            2 => (DispatchKind.Repeated, true),
            3 => (DispatchKind.Refused, true),
            4 => (DispatchKind.Stored, false),
            5 => (DispatchKind.Repeated, false),
            _ => (default, true),
        };
        var epoch = isOfFirstEpoch ? 0 : ReadEpoch();
        switch (Kind)
        {
            case DispatchKind.Stored:
                ReadStored(epoch);
                break;
            case DispatchKind.Repeated:
                ReadRepeated(epoch);
                break;
            case DispatchKind.Refused:
                Refused = new MessageRefused(_reader.ShortClientId(), (RefusalCode)_reader.Byte(), ReadOrigin());
                break;
            default:
                _reader.Fail();
                break;
        }

        return !_reader.Failed;
    }

    private int ReadEpoch()
    {
        if (_reader.Integer() is var number and > 0 and <= int.MaxValue)
            return (int)number;
        _reader.Fail();
        return 0;
    }

    private void ReadStored(int epoch)
    {
        if (MessageRecord.TryRead(ref _reader, out var message))
            Stored = new MessageStored(message, ReadRecipients(), ReadOrigin(), TraceParent.ReadShort(ref _reader)) { Epoch = epoch };
        else
            _reader.Fail();
    }

    private void ReadRepeated(int epoch)
    {
        var messageId = _reader.Uuid();
        var clientId = _reader.ShortClientId();
        var (authorId, authorSeq) = (_reader.Integer(), _reader.Integer());
        var (conversationId, conversationSeq) = (_reader.Integer(), _reader.Integer());
        var ticks = _reader.Int64();
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            _reader.Fail();
            return;
        }

        Repeated = new MessageRepeated(
            messageId, clientId, authorId, authorSeq, conversationId, conversationSeq, new DateTime(ticks, DateTimeKind.Utc),
            ReadRecipients(), ReadOrigin())
        {
            Epoch = epoch,
        };
    }

    private Recipients ReadRecipients() => new(_reader.Raw(_reader.Length(Recipients.Unit) * Recipients.Unit));

    private Origin ReadOrigin() => new(_reader.Uuid(), _reader.Integer());
}
