using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using CsCheck;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>
/// The bytes in Redis. In a rollout, new processes read what old ones write: a change needs a new version, and the old one stays readable.
/// </summary>
public class QueueEntryGoldenTests
{
    private const string BootId = "22222222222242228222222222222222";
    private const string Connection = "88" + "8e" + "98" + "a8" + "c0" + "e0" + "80" + "81" + "01";
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736" + "00f067aa0ba902b7" + "01";
    private const string MessageId = "01890a5dac96774bbcceb302099a8057";

    private const string Entry =
        "01" + "01" + MessageId + BootId + "0807060504030201"
        + "2a00000000000000" + "2b00000000000000"
        + "03626f62" + "05616c696365" + "03632d32" + "03632d31"
        + Trace + "03000000" + "68c3a9";

    private const string AckFields =
        "ff00" + "fe" + MessageId + "ff01" + "33" + "ff02" + "34" + "ff03" + "fd" + "74d7409a0db4d208";

    private const string Fields =
        AckFields + "ff04" + "626f62" + "ff05" + "616c696365" + "ff06" + "2268656c6c6f22" + "ff07" + "30";

    // XXH128 of the text, with a seed made of the recipient's name and the type.
    private const string ContentHex = "668e550c180e7193e56e60b70e22fe51";

    private static readonly string s_stored =
        "00" + "076d657373616765" + "2a" + "03632d31" + ContentHex + Length(AckFields) + Length(Fields) + Fields
        + "02" + "2a00000000000000" + "0900000000000000" + "2b00000000000000" + "0a00000000000000"
        + BootId + Connection + "01" + Trace;

    private static readonly string s_repeated =
        "00" + "03632d31" + Length(AckFields) + AckFields + "09" + "01" + "2b00000000000000" + "0a00000000000000" + BootId + Connection;

    private const string Refused = "03632d31" + "02" + BootId + Connection;

    private static readonly IDispatch[] s_items =
    [
        new EntryStored(Samples.LogEntry, [new Recipient(42, 9), new Recipient(43, 10)], Samples.Origin, Samples.Trace),
        new CommandRepeated(Samples.Client("c-1"), Convert.FromHexString(AckFields), 9, [new Recipient(43, 10)], Samples.Origin),
        new CommandRefused(Samples.Client("c-1"), RefusalCode.OutOfOrder, Samples.Origin),
    ];

    private static readonly string[] s_itemNames = [nameof(EntryStored), nameof(CommandRepeated), nameof(CommandRefused)];

    [Fact]
    public void AnIntakeEntryHasTheseBytes()
    {
        Assert.Equal(Entry, Convert.ToHexStringLower(Samples.Entry.Encode()));
        Assert.True(IntakeEntry.TryDecode(Convert.FromHexString(Entry), out var decoded));
        Assert.Equal(Entry, Convert.ToHexStringLower(decoded.Encode()));
        Assert.Equal(Samples.Entry with { Body = decoded.Body }, decoded);
    }

    [Fact]
    public void ABatchHasTheseBytes()
    {
        var batch = "03" + Item(1, s_stored) + Item(2, s_repeated) + Item(3, Refused);

        Assert.Equal(batch, Convert.ToHexStringLower(DispatchBatch.Encode(s_items)));
        Assert.True(DispatchItems.TryRead(Convert.FromHexString(batch), out var items));
        Assert.Equal(batch, Convert.ToHexStringLower(DispatchBatch.Encode(items)));
        Assert.Equal(s_itemNames, items.Select(item => item.GetType().Name));
    }

    [Fact]
    public void AnEpochIsANumber()
    {
        var batch = "03" + Item(1, "ac02" + s_stored[2..]);

        var bytes = DispatchBatch.Encode([(EntryStored)s_items[0] with { Epoch = 300 }]);

        Assert.Equal(batch, Convert.ToHexStringLower(bytes));
        Assert.True(DispatchItems.TryRead(bytes, out var items));
        Assert.Equal(300, ((EntryStored)items[0]).Epoch);
        Assert.False(DispatchItems.TryRead(Convert.FromHexString("03" + Item(1, "8080808008" + s_stored[2..])), out _));
    }

    [Fact]
    public void AKindThatIsNotKnownIsPassedBy()
    {
        var batch = Convert.FromHexString("03" + Item(1, s_stored) + Item(4, "ffff") + Item(0, "") + Item(3, Refused));

        Assert.True(DispatchItems.TryRead(batch, out var items));
        Assert.Equal([nameof(EntryStored), nameof(CommandRefused)], items.Select(item => item.GetType().Name));

        var reader = new DispatchBatchReader(batch);
        while (reader.Read())
        {
        }

        Assert.Equal(2, reader.Unknown);
    }

    [Fact]
    public void ABatchOfAnOlderWorkerIsRead()
    {
        const string StoredBytes =
            "03" + "04" + MessageId + "2a" + "2b"
            + "03632d31" + "03626f62" + "05616c696365" + "00" + "74d7409a0db4d208" + "05" + "68656c6c6f"
            + "02" + "2a00000000000000" + "0900000000000000" + "2b00000000000000" + "0a00000000000000"
            + BootId + Connection + "01" + Trace;
        const string RepeatedBytes =
            MessageId + "03632d31" + "2a" + "09" + "03" + "04"
            + "74d7409a0db4d208" + "01" + "2b00000000000000" + "0a00000000000000" + BootId + Connection;

        Assert.True(DispatchItems.TryRead(
            Convert.FromHexString("02" + "01" + StoredBytes + "02" + RepeatedBytes + "03" + Refused), out var items));
        Assert.Equal(DispatchBatch.Encode(s_items), DispatchBatch.Encode(items));

        Assert.True(DispatchItems.TryRead(
            Convert.FromHexString("02" + "04" + "ac02" + StoredBytes + "05" + "01" + RepeatedBytes), out var later));
        Assert.Equal((300, 1), (((EntryStored)later[0]).Epoch, ((CommandRepeated)later[1]).Epoch));

        Assert.False(DispatchItems.TryRead(Convert.FromHexString("02" + "04" + "00" + StoredBytes), out _));
        Assert.False(DispatchItems.TryRead(Convert.FromHexString("02" + "01" + StoredBytes[..^2]), out _));
        Assert.False(DispatchItems.TryRead(Convert.FromHexString("02" + "03" + Refused + "09"), out var before));
        Assert.Single(before);
    }

    [Fact]
    public void ItemsBeforeAFaultAreRead()
    {
        var batch = Convert.FromHexString("03" + Item(1, s_stored) + Item(3, Refused) + Item(2, s_repeated[..^2]) + Item(3, Refused));

        Assert.False(DispatchItems.TryRead(batch, out var items));
        Assert.Equal([nameof(EntryStored), nameof(CommandRefused)], items.Select(item => item.GetType().Name));
    }

    [Fact]
    public void EveryTruncationAndEveryAddedByteOfAnEntryIsRefused()
    {
        var bytes = Samples.Entry.Encode();

        for (var length = 0; length < bytes.Length; length++)
            Assert.False(IntakeEntry.TryDecode(bytes.AsMemory(0, length), out _), $"{length} of {bytes.Length} bytes");
        Assert.False(IntakeEntry.TryDecode((byte[])[.. bytes, 0], out _));
        Assert.False(IntakeEntry.TryDecode((byte[])[2, .. bytes[1..]], out _));
    }

    [Fact]
    public void EveryTruncationInsideAnItemOfABatchIsRefused()
    {
        foreach (var item in s_items)
        {
            var bytes = DispatchBatch.Encode([item]);
            for (var length = 2; length < bytes.Length; length++)
            {
                Assert.False(DispatchItems.TryRead(bytes.AsMemory(0, length), out var items), $"{item.GetType().Name} cut at {length}");
                Assert.Empty(items);
            }
        }

        Assert.False(DispatchItems.TryRead(
            Convert.FromHexString("03" + Item(2, s_repeated.Replace("ff03", "ff08", StringComparison.Ordinal))), out _));
        Assert.False(DispatchItems.TryRead(Array.Empty<byte>(), out _));
        Assert.False(DispatchItems.TryRead(new byte[] { 2, 9 }, out _));
        Assert.False(DispatchItems.TryRead(new byte[] { 4 }, out _));
    }

    [Theory]
    [InlineData("03632d31", "00" + MessageId)]
    [InlineData("01" + Trace, "00")]
    public void AShorterFormIsRead(string common, string other)
    {
        var batch = Convert.FromHexString("03" + Item(1, s_stored.Replace(common, other, StringComparison.Ordinal)));

        Assert.True(DispatchItems.TryRead(batch, out var items));
        Assert.Equal(batch, DispatchBatch.Encode(items));
    }

    [Theory]
    [InlineData("076d657373616765" + "2a", "076d657373616765" + "aa00")]
    [InlineData("076d657373616765" + "2a", "076d657373616765" + "ffffffffffffffffff02")]
    [InlineData("076d657373616765" + "2a", "02ffff" + "2a")]
    [InlineData("ff07" + "30", "ff08" + "30")]
    [InlineData("fd" + "74d7409a0db4d208", "fd" + "ffffffffffffffff")]
    [InlineData("03632d31", "24" + "30313839306135642d616339362d373734622d626363652d623330323039396138303537")]
    [InlineData("01" + Trace, "01" + "00000000000000000000000000000000000000000000000000")]
    [InlineData("01" + Trace, "02" + Trace)]
    public void NoOtherFormIsTaken(string right, string wrong)
    {
        var batch = Convert.FromHexString("03" + Item(1, s_stored.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.False(DispatchItems.TryRead(batch, out var items));
        Assert.Empty(items);
    }

    private static string Item(byte kind, string hex) => $"{kind:x2}{Length(hex)}{hex}";

    private static string Length(string hex) => Length(hex.Length / 2);

    private static string Length(int length) => length < 0x80 ? $"{length:x2}" : $"{(length & 0x7F) | 0x80:x2}{length >> 7:x2}";

    [Fact]
    public void RandomBytesNeverThrow()
    {
        var mutants = Gen.Select(Gen.Int[0, Entry.Length / 2 - 1], Gen.Byte, (at, value) =>
        {
            var bytes = Samples.Entry.Encode();
            bytes[at] = value;
            return bytes;
        });

        mutants.Sample(bytes =>
        {
            IntakeEntry.TryDecode(bytes, out _);
            return !DispatchItems.TryRead(bytes, out var items) || items.Count > 0;
        });
    }
}
