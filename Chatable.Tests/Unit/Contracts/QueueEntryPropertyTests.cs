using System.Diagnostics;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using CsCheck;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>Everything that can be written to Redis is read back unchanged.</summary>
public sealed class QueueEntryPropertyTests
{
    private static readonly Gen<string> s_name = Gen.String[Gen.Char.AlphaNumeric, 1, 64];

    private static readonly Gen<ClientId> s_clientId = Gen.Frequency(
        (3, Gen.String[Gen.OneOf(Gen.Char.AlphaNumeric, Gen.Const('_'), Gen.Const('-')), 1, ClientId.MaxLength]
            .Where(IsAscii).Select(Samples.Client)),
        (1, Gen.Guid.Select(id => Samples.Client(id.ToString("D")))));

    private static readonly Gen<Origin> s_origin = Gen.Select(Gen.Guid, Gen.Long, (boot, connection) => new Origin(boot, connection));

    private static readonly Gen<TraceParent> s_trace = Gen.Frequency(
        (1, Gen.Const(default(TraceParent))),
        (3, Gen.Select(Gen.Byte[1, 255].Array[16], Gen.Byte[1, 255].Array[8], Gen.Bool, (trace, span, sampled) => new TraceParent(
            ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span),
            sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None))));

    private static readonly Gen<ReadOnlyMemory<byte>> s_body = Gen.Byte.Array[1, 600].Select(bytes => (ReadOnlyMemory<byte>)bytes);

    private static readonly Gen<DateTime> s_time =
        Gen.Long[0, DateTime.MaxValue.Ticks].Select(ticks => new DateTime(ticks, DateTimeKind.Utc));

    private static readonly Gen<IntakeEntry> s_entry = Gen.Select(
        Gen.Select(Gen.Guid, s_clientId, Gen.Frequency((1, Gen.Const((ClientId?)null)), (1, s_clientId.Select(id => (ClientId?)id)))),
        Gen.Select(Gen.Long, s_name, Gen.Long, s_name), Gen.Select(Gen.Byte, s_body, s_origin, s_trace),
        (ids, parties, rest) => new IntakeEntry
        {
            MessageId = ids.Item1,
            ClientId = ids.Item2,
            After = ids.Item3,
            AuthorId = parties.Item1,
            Author = parties.Item2,
            RecipientId = parties.Item3,
            Recipient = parties.Item4,
            Type = (MessageType)rest.Item1,
            Body = rest.Item2,
            Origin = rest.Item3,
            Trace = rest.Item4,
        });

    private static readonly Gen<ReadOnlyMemory<byte>> s_fields =
        Gen.Byte[0, 0xF7].Array[1, 600].Select(bytes => (ReadOnlyMemory<byte>)bytes);

    private static readonly Gen<LogEntry> s_logEntry = Gen.Select(s_name, s_fields, Gen.Int[0, 600], Gen.Long, s_clientId, Gen.Guid,
        (type, fields, ackLength, actor, id, content) => new LogEntry
        {
            Type = type,
            Fields = fields,
            AckLength = Math.Min(ackLength, fields.Length),
            ActorId = actor,
            CommandId = id,
            Content = content,
        });

    private static readonly Gen<Recipients> s_recipients =
        Gen.Select(Gen.Long, Gen.Long, (user, seq) => new Recipient(user, seq)).Array[0, 5].Select(all => Recipients.Create(all));

    private static readonly Gen<int> s_epoch = Gen.OneOf(Gen.Const(0), Gen.Int[0, int.MaxValue]);

    private static readonly Gen<IDispatch> s_dispatch = Gen.OneOf(
        Gen.Select(s_logEntry, s_recipients, s_origin, s_trace, s_epoch, (entry, recipients, origin, trace, epoch) =>
            (IDispatch)new EntryStored(entry, recipients, origin, trace) { Epoch = epoch }),
        Gen.Select(s_clientId, s_fields, s_recipients, s_origin, Gen.Long, s_epoch, (id, fields, heads, origin, seq, epoch) =>
            (IDispatch)new CommandRepeated(id, fields, seq, heads, origin) { Epoch = epoch }),
        Gen.Select(s_clientId, Gen.OneOf(Gen.Const(RefusalCode.Invalid), Gen.Const(RefusalCode.OutOfOrder)), s_origin, (id, code, origin) =>
            (IDispatch)new CommandRefused(id, code, origin)));

    [Fact]
    public void AnyEntryOfTheIntakeComesBackAsItWent() => s_entry.Sample(entry =>
        IntakeEntry.TryDecode(entry.Encode(), out var decoded)
        && decoded.Body.Span.SequenceEqual(entry.Body.Span)
        && decoded with { Body = entry.Body } == entry);

    [Fact]
    public void AnyBatchOfAServersQueueComesBackAsItWent() => s_dispatch.Array[0, 6].Sample(items =>
    {
        var bytes = DispatchBatch.Encode(items);
        return DispatchItems.TryRead(bytes, out var decoded)
            && decoded.Select(item => item.GetType()).SequenceEqual(items.Select(item => item.GetType()))
            && DispatchBatch.Encode(decoded).AsSpan().SequenceEqual(bytes)
            && decoded.Zip(items).All(pair => AreSame(pair.First, pair.Second));
    });

    [Fact]
    public void AnyBytesAreReadOrRefusedButNeverThrow() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        byte[] asEntry = [1, .. bytes], asBatch = [3, .. bytes];
        return (!IntakeEntry.TryDecode(asEntry, out var entry) || entry.Encode().AsSpan().SequenceEqual(asEntry))
            && (!DispatchItems.TryRead(asBatch, out var items) || DispatchBatch.Encode(items).Length <= asBatch.Length);
    });

    // Memory compares by reference, so its contents are compared first and then made the same.
    private static bool AreSame(IDispatch one, IDispatch other) => (one, other) switch
    {
        (EntryStored a, EntryStored b) => a.Entry.IsSameAs(b.Entry) && a with { Entry = b.Entry } == b,
        (CommandRepeated a, CommandRepeated b) =>
            a.AckFields.Span.SequenceEqual(b.AckFields.Span) && a with { AckFields = b.AckFields } == b,
        _ => one.Equals(other),
    };

    private static bool IsAscii(string text) => text.All(char.IsAscii);
}
