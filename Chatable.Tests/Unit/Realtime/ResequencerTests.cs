using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Chatable.ApiService.Realtime.Push;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Tests.Unit.Contracts;
using CsCheck;

namespace Chatable.Tests.Unit.Realtime;

public class ResequencerTests
{
    private const int HoldLimit = 8;
    private const int HoldBytes = 10_000;

    private const int BeginsARead = 0;
    private const int EndsARead = -1;

    /// <summary>
    /// What happens to a connection, drawn at random: pushes in any order, twice or never, reads of the log that are answered after other
    /// things have happened, and a writer that has room for some.
    /// </summary>
    private static readonly Gen<(int Length, int Start, int LiveAt, int[] Events, int Room)> s_histories =
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[0, 60], Gen.Int[0, 40]).SelectMany((length, start, liveAt, room) =>
            Gen.Int[EndsARead, Math.Max(1, length)].Array[0, 80].Select(
                events => (length, Math.Min(start, length), liveAt, length == 0 ? [] : events, room)));

    [Fact]
    public void WhateverHappensToThePushesTheLogIsDeliveredInOrderAndOnce()
    {
        s_histories.Sample(history =>
        {
            var (length, start, liveAt, events, _) = history;
            var delivered = new List<long>();
            var room = history.Room;
            var sequence = new Resequencer(HoldLimit, HoldBytes, Deliver, () => room > 0);

            int[] page = [];
            for (var i = 0; i < events.Length; i++)
            {
                if (i == liveAt)
                    sequence.StartAfter(start);
                if (events[i] == EndsARead)
                    OfferAll(page);
                else if (events[i] == BeginsARead)
                    page = i < liveAt ? [] : Read();
                else
                    sequence.Offer(Entry(events[i]));
            }

            if (liveAt >= events.Length)
                sequence.StartAfter(start);
            sequence.NoticeHead(length);
            while (sequence.HasGap)
            {
                // The log tells the truth, a page at a time, and the reader makes room for less.
                room = 2;
                sequence.DeliverHeld();
                OfferAll(Read());
            }

            return room >= 0 && delivered.SequenceEqual(Enumerable.Range(start + 1, length - start).Select(seq => (long)seq));

            int[] Read() => [.. Enumerable.Range((int)sequence.Position + 1, Math.Min(3, length - (int)sequence.Position))];

            void OfferAll(int[] seqs)
            {
                foreach (var seq in seqs)
                    sequence.Offer(Entry(seq));
            }

            void Deliver(in Envelope entry)
            {
                room--;
                delivered.Add(entry.Seq);
            }
        });
    }

    [Fact]
    public void NothingIsDeliveredBeforeThePositionIsKnown()
    {
        var delivered = new List<long>();
        var sequence = new Resequencer(HoldLimit, HoldBytes, (in entry) => delivered.Add(entry.Seq), () => true);

        sequence.Offer(Entry(1));
        sequence.NoticeHead(5);
        Assert.Empty(delivered);
        Assert.False(sequence.HasGap);

        sequence.StartAfter(0);
        Assert.Equal([1L], delivered);
        Assert.True(sequence.HasGap);
    }

    [Fact]
    public void WhatDoesNotFitIsDroppedButNotForgotten()
    {
        var sequence = new Resequencer(HoldLimit, HoldBytes, (in _) => { }, () => true);
        sequence.StartAfter(0);

        for (var seq = 2; seq < 2 + HoldLimit; seq++)
            Assert.True(sequence.Offer(Entry(seq)));
        Assert.False(sequence.Offer(Entry(50)));
        Assert.True(sequence.Offer(Entry(2)));
        sequence.Offer(Entry(1));

        Assert.Equal(1 + HoldLimit, sequence.Position);
        Assert.True(sequence.HasGap);
    }

    [Fact]
    public void WhatIsHeldIsBoundedInBytesToo()
    {
        var room = false;
        var delivered = new List<long>();
        var sequence = new Resequencer(HoldLimit, HoldBytes, (in entry) => delivered.Add(entry.Seq), () => room);
        sequence.StartAfter(0);

        Assert.True(sequence.Offer(Entry(1, HoldBytes / 2)));
        Assert.True(sequence.Offer(Entry(2, HoldBytes / 2)));
        Assert.False(sequence.Offer(Entry(3, 1)));
        Assert.True(sequence.Offer(Entry(2, HoldBytes / 2)));

        room = true;
        sequence.DeliverHeld();
        Assert.Equal([1L, 2L], delivered);
        Assert.True(sequence.HasGap);
        room = false;
        Assert.True(sequence.Offer(Entry(4, HoldBytes)));
        Assert.False(sequence.Offer(Entry(3, 1)));
    }

    [Fact]
    public void WhatIsHeldKeepsNothingInMemoryThatCameWithIt()
    {
        var sequence = new Resequencer(HoldLimit, HoldBytes, (in _) => { }, () => true);
        sequence.StartAfter(0);
        var batch = OfferFromABatch(sequence, seq: 2);

        GC.Collect();

        Assert.False(batch.IsAlive);
        Assert.True(sequence.Offer(Entry(1)));
        Assert.Equal(2, sequence.Position);
    }

    [Fact]
    public void WhatIsDeliveredAtOnceIsNotCopied()
    {
        var batch = new byte[1000];
        var delivered = new List<byte[]?>();
        var sequence = new Resequencer(HoldLimit, HoldBytes, Deliver, () => true);
        sequence.StartAfter(0);

        sequence.Offer(Entry(1) with { Entry = Fields(batch.AsMemory(10, 20)) });

        Assert.Same(batch, Assert.Single(delivered));

        void Deliver(in Envelope entry) =>
            delivered.Add(MemoryMarshal.TryGetArray(entry.Entry.Fields, out var piece) ? piece.Array : null);
    }

    // Out of the test's own frame, which would keep the batch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference OfferFromABatch(Resequencer sequence, long seq)
    {
        var batch = new byte[1_000_000];
        Assert.True(sequence.Offer(new Envelope(seq, Fields(batch.AsMemory(500, 20)))));
        return new WeakReference(batch);
    }

    private static Envelope Entry(long seq, int bytes) => new(seq, Fields(new byte[bytes]));

    private static Envelope Entry(long seq) => new(seq, Samples.LogEntry);

    private static LogEntry Fields(ReadOnlyMemory<byte> fields) => Samples.LogEntry with { Fields = fields, AckLength = 0 };
}
