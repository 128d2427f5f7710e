using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using CsCheck;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>The bytes in Redis. During a rollout new processes read what old ones write: a change needs a new version number, and the old one is read on.</summary>
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

    private const string Stored = "01" + StoredBytes;

    private const string StoredBytes =
        "03" + "04" + MessageId + "2a" + "2b"
        + "03632d31" + "03626f62" + "05616c696365" + "00" + "74d7409a0db4d208" + "05" + "68656c6c6f"
        + "02" + "2a00000000000000" + "0900000000000000" + "2b00000000000000" + "0a00000000000000"
        + BootId + Connection + "01" + Trace;

    private const string Repeated = "02" + RepeatedBytes;

    private const string RepeatedBytes =
        MessageId + "03632d31" + "2a" + "09" + "03" + "04"
        + "74d7409a0db4d208" + "01" + "2b00000000000000" + "0a00000000000000" + BootId + Connection;

    private const string Refused = "03" + "03632d31" + "02" + BootId + Connection;

    private static readonly IDispatch[] s_items =
    [
        new MessageStored(Samples.Message, [new Recipient(42, 9), new Recipient(43, 10)], Samples.Origin, Samples.Trace),
        new MessageRepeated(
            Samples.Message.MessageId, Samples.Client("c-1"), 42, 9, 3, 4, Samples.CreatedAt, [new Recipient(43, 10)], Samples.Origin),
        new MessageRefused(Samples.Client("c-1"), RefusalCode.OutOfOrder, Samples.Origin),
    ];

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
        const string Batch = "02" + Stored + Repeated + Refused;

        Assert.Equal(Batch, Convert.ToHexStringLower(DispatchBatch.Encode(s_items)));
        Assert.True(DispatchItems.TryRead(Convert.FromHexString(Batch), out var items));
        Assert.Equal(Batch, Convert.ToHexStringLower(DispatchBatch.Encode(items)));
        Assert.Equal(["MessageStored", "MessageRepeated", "MessageRefused"], items.Select(item => item.GetType().Name));
    }

    [Fact]
    public void WhatIsOfALaterEpochHasItsNumberAheadOfTheSameBytes()
    {
        const string Batch = "02" + "04" + "ac02" + StoredBytes + "05" + "01" + RepeatedBytes;

        var bytes = DispatchBatch.Encode(
            [(MessageStored)s_items[0] with { Epoch = 300 }, (MessageRepeated)s_items[1] with { Epoch = 1 }]);

        Assert.Equal(Batch, Convert.ToHexStringLower(bytes));
        Assert.True(DispatchItems.TryRead(bytes, out var items));
        Assert.Equal((300, 1), (((MessageStored)items[0]).Epoch, ((MessageRepeated)items[1]).Epoch));
        Assert.Equal(Batch, Convert.ToHexStringLower(DispatchBatch.Encode(items)));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("8080808008")]
    public void NoOtherNumberIsAnEpochs(string number) =>
        Assert.False(DispatchItems.TryRead(Convert.FromHexString("02" + "04" + number + StoredBytes), out _));

    [Fact]
    public void ABatchOfAnOlderWorkerIsRead()
    {
        const string WideStored =
            "01" + "0300000000000000" + "0400000000000000" + MessageId + "2a00000000000000" + "2b00000000000000"
            + "03632d31" + "03626f62" + "05616c696365" + "00" + "74d7409a0db4d208" + "05000000" + "68656c6c6f"
            + "02000000" + "2a00000000000000" + "0900000000000000" + "2b00000000000000" + "0a00000000000000"
            + BootId + "0807060504030201" + Trace;
        const string WideRepeated =
            "02" + MessageId + "03632d31" + "2a00000000000000" + "0900000000000000" + "0300000000000000" + "0400000000000000"
            + "74d7409a0db4d208" + "01000000" + "2b00000000000000" + "0a00000000000000" + BootId + "0807060504030201";
        const string WideRefused = "03" + "03632d31" + "02" + BootId + "0807060504030201";

        var batch = Convert.FromHexString("01" + WideStored + WideRepeated + WideRefused);

        Assert.True(DispatchItems.TryRead(batch, out var items));
        Assert.Equal(DispatchBatch.Encode(s_items), DispatchBatch.Encode(items));
    }

    [Fact]
    public void WhatStandsBeforeAFaultIsHandedOver()
    {
        var batch = Convert.FromHexString("02" + Stored + Refused + "ff" + Repeated);

        Assert.False(DispatchItems.TryRead(batch, out var items));
        Assert.Equal(["MessageStored", "MessageRefused"], items.Select(item => item.GetType().Name));
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

        Assert.False(DispatchItems.TryRead(Array.Empty<byte>(), out _));
        Assert.False(DispatchItems.TryRead(new byte[] { 2, 9 }, out _));
        Assert.False(DispatchItems.TryRead(new byte[] { 3 }, out _));
    }

    [Theory]
    [InlineData("03632d31", "00" + MessageId)]
    [InlineData("03" + "04" + MessageId, "ffffffffffffffffff01" + "04" + MessageId)]
    [InlineData("01" + Trace, "00")]
    public void WhatHasAShorterFormIsReadInIt(string common, string other)
    {
        var batch = Convert.FromHexString("02" + Stored.Replace(common, other, StringComparison.Ordinal));

        Assert.True(DispatchItems.TryRead(batch, out var items));
        Assert.Equal(batch, DispatchBatch.Encode(items));
    }

    [Theory]
    [InlineData("03" + "04" + MessageId, "8300" + "04" + MessageId)]
    [InlineData("03" + "04" + MessageId, "ffffffffffffffffff02" + "04" + MessageId)]
    [InlineData("03" + "04" + MessageId, "ffffffffffffffffffff" + "04" + MessageId)]
    [InlineData("03632d31", "24" + "30313839306135642d616339362d373734622d626363652d623330323039396138303537")]
    [InlineData("01" + Trace, "01" + "00000000000000000000000000000000000000000000000000")]
    [InlineData("01" + Trace, "02" + Trace)]
    public void NoOtherFormIsTaken(string right, string wrong)
    {
        var batch = Convert.FromHexString("02" + Stored.Replace(right, wrong, StringComparison.Ordinal));

        Assert.False(DispatchItems.TryRead(batch, out var items));
        Assert.Empty(items);
    }

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
