using Chatable.ApiService.Realtime.Push;
using Chatable.Messaging.Envelopes;
using Chatable.Tests.Contracts;
using CsCheck;

namespace Chatable.Tests.Unit;

public class RealtimeResequencerTests
{
    private const int HoldLimit = 8;

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
            var sequence = new Resequencer(HoldLimit, Deliver, () => room > 0);

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
        var sequence = new Resequencer(HoldLimit, (in entry) => delivered.Add(entry.Seq), () => true);

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
        var sequence = new Resequencer(HoldLimit, (in _) => { }, () => true);
        sequence.StartAfter(0);

        for (var seq = 2; seq < 2 + HoldLimit; seq++)
            Assert.True(sequence.Offer(Entry(seq)));
        Assert.False(sequence.Offer(Entry(50)));
        Assert.True(sequence.Offer(Entry(2)));
        sequence.Offer(Entry(1));

        Assert.Equal(1 + HoldLimit, sequence.Position);
        Assert.True(sequence.HasGap);
    }

    private static Envelope Entry(long seq) => new(seq, Samples.Message);
}
