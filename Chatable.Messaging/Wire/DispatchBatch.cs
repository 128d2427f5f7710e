namespace Chatable.Messaging.Wire;

/// <summary>
/// The bytes of one entry of a server's queue: <c>u8 version (3)</c>, then items until the end, each <c>u8 kind, var length</c> and so many
/// bytes:
/// <code>
/// 1 stored    var epoch · entry · var n, n × (i64 user, i64 seq) · origin · trace
/// 2 repeated  var epoch · client id · var length, fields of the ack · var actor's seq · var n, n × (i64 user, i64 head) · origin
/// 3 refused   client id · u8 code · origin
/// entry       str type · var actor · client id · 16 content · var length of the ack's fields · var length, fields
/// client id   str; or u8 0, 16 UUID
/// origin      16 boot id · var connection
/// trace       u8 0; or u8 1, 25 trace context
/// </code>
/// A server passes by a kind that it does not know. Version 2, which workers of the version before write, is read too: see
/// <see cref="OlderItems"/>. A server drops a batch of any other version. The reconciler then reads the entries from PostgreSQL and sends
/// them to the sockets. The authors of refused commands are not told.
/// </summary>
public static class DispatchBatch
{
    internal const byte Version = 3;

    public static byte[] Encode(IEnumerable<IDispatch> items) => Join([.. items.Select(item => (ReadOnlyMemory<byte>)EncodeItem(item))]);

    /// <summary>Encodes one item, to be joined into the batches of several servers.</summary>
    public static byte[] EncodeItem(IDispatch item)
    {
        var scratch = PooledJsonWriter.Take();
        var kind = Write(new WireWriter(scratch.Output), item);
        return scratch.FinishItem((byte)kind);
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

    private static DispatchKind Write(WireWriter writer, IDispatch item)
    {
        switch (item)
        {
            case EntryStored stored:
                writer.Varint(stored.Epoch);
                stored.Entry.Write(writer);
                WriteRecipients(writer, stored.Recipients);
                WriteOrigin(writer, stored.Origin);
                stored.Trace.WriteShort(writer);
                return DispatchKind.Stored;
            case CommandRepeated repeated:
                writer.Varint(repeated.Epoch);
                writer.ShortClientId(repeated.CommandId);
                writer.Varint(repeated.AckFields.Length);
                writer.Raw(repeated.AckFields.Span);
                writer.Varint(repeated.ActorSeq);
                WriteRecipients(writer, repeated.Heads);
                WriteOrigin(writer, repeated.Origin);
                return DispatchKind.Repeated;
            case CommandRefused refused:
                writer.ShortClientId(refused.CommandId);
                writer.Byte((byte)refused.Code);
                WriteOrigin(writer, refused.Origin);
                return DispatchKind.Refused;
            default:
                throw new ArgumentException($"No encoding for {item.GetType().Name}.", nameof(item));
        }
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
    private readonly byte _version;
    private WireReader _reader;

    public DispatchBatchReader(ReadOnlyMemory<byte> batch)
    {
        _reader = new WireReader(batch);
        _version = _reader.Byte();
    }

    public DispatchKind Kind { get; private set; }

    public EntryStored Stored { get; private set; }

    public CommandRepeated Repeated { get; private set; }

    public CommandRefused Refused { get; private set; }

    /// <summary>How many items of unknown kinds have been passed by.</summary>
    public int Unknown { get; private set; }

    /// <summary>Whether the whole batch has been read: false if <see cref="Read"/> stopped at something it cannot read.</summary>
    public readonly bool IsAtEnd => _version is DispatchBatch.Version or OlderItems.Version && _reader.AtEnd;

    /// <summary>Moves to the next item. Returns false at the end, and at the first item that is not in the format of a batch.</summary>
    public bool Read()
    {
        if (_version == OlderItems.Version)
            return ReadOlder();
        while (_version == DispatchBatch.Version && !_reader.AtEnd && !_reader.Failed)
        {
            Kind = (DispatchKind)_reader.Byte();
            var item = new WireReader(_reader.Raw(_reader.Length()));
            if (_reader.Failed)
                return false;
            if (ReadItem(ref item))
                return item.AtEnd || Fail();
            Unknown++;
        }

        return false;
    }

    private bool Fail()
    {
        _reader.Fail();
        return false;
    }

    // Returns false for an unknown kind.
    private bool ReadItem(ref WireReader item)
    {
        switch (Kind)
        {
            case DispatchKind.Stored:
                var epoch = ReadEpoch(ref item);
                Stored = new EntryStored(
                    LogEntry.Read(ref item), ReadRecipients(ref item), ReadOrigin(ref item), TraceParent.ReadShort(ref item))
                {
                    Epoch = epoch,
                };
                return true;
            case DispatchKind.Repeated:
                epoch = ReadEpoch(ref item);
                Repeated = new CommandRepeated(
                    item.ShortClientId(), CompactJson.Read(ref item), item.Varint(), ReadRecipients(ref item), ReadOrigin(ref item))
                {
                    Epoch = epoch,
                };
                return true;
            case DispatchKind.Refused:
                Refused = new CommandRefused(item.ShortClientId(), (RefusalCode)item.Byte(), ReadOrigin(ref item));
                return true;
            default:
                return false;
        }
    }

    private bool ReadOlder()
    {
        if (_reader.AtEnd || _reader.Failed)
            return false;
        switch (OlderItems.Read(ref _reader))
        {
            case EntryStored stored:
                (Kind, Stored) = (DispatchKind.Stored, stored);
                return true;
            case CommandRepeated repeated:
                (Kind, Repeated) = (DispatchKind.Repeated, repeated);
                return true;
            case CommandRefused refused:
                (Kind, Refused) = (DispatchKind.Refused, refused);
                return true;
            default:
                return false;
        }
    }

    private static int ReadEpoch(ref WireReader item)
    {
        if (item.Varint() is var number and >= 0 and <= int.MaxValue)
            return (int)number;
        item.Fail();
        return 0;
    }

    internal static Recipients ReadRecipients(ref WireReader item) => new(item.Raw(item.Length(Recipients.Unit) * Recipients.Unit));

    internal static Origin ReadOrigin(ref WireReader item) => new(item.Uuid(), item.Varint());
}
