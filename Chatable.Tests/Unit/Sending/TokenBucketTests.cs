using Chatable.ApiService.Sending;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Sending;

public class TokenBucketTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void ABurstPassesAndThenOnlyTheRate()
    {
        var bucket = new TokenBucket(perSecond: 10, burst: 30, _clock);

        Assert.Equal(30, Taken(bucket, 100));
        _clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(0, Taken(bucket, 1));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, Taken(bucket, 5));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Taken(bucket, 100));
    }

    [Fact]
    public void ALongPauseGivesNoMoreThanTheBurst()
    {
        var bucket = new TokenBucket(perSecond: 10, burst: 30, _clock);

        _clock.Advance(TimeSpan.FromDays(30));

        Assert.Equal(30, Taken(bucket, 1000));
    }

    [Fact]
    public void WhoWaitsAsLongAsItSaysMayTakeOne()
    {
        var bucket = new TokenBucket(perSecond: 7, burst: 3, _clock);

        for (var taken = 0; taken < 1000; taken++)
        {
            while (bucket.Wait is var wait && wait > TimeSpan.Zero)
                _clock.Advance(wait);
            Assert.True(bucket.TryTake());
        }

        Assert.InRange(_clock.GetUtcNow() - _clock.Start, TimeSpan.FromSeconds(997.0 / 7 - 1), TimeSpan.FromSeconds(997.0 / 7 + 2));
    }

    [Fact]
    public void WhatWasTakenBeforeItWasThereIsOwedUpToABurst()
    {
        var bucket = new TokenBucket(perSecond: 10, burst: 30, _clock);

        for (var i = 0; i < 1000; i++)
            bucket.Take();

        Assert.Equal(TimeSpan.FromSeconds(3.1), bucket.Wait);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.True(bucket.IsFull);
    }

    [Theory]
    [InlineData(34, 34)]
    [InlineData(20, 30)]
    public void TheFirstBurstMayBeALargerOneWheneverItComesAndNoOtherIs(int atFirst, int first)
    {
        var bucket = new TokenBucket(perSecond: 10, burst: 30, _clock, atFirst);

        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(first, Taken(bucket, 1000));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(30, Taken(bucket, 1000));
    }

    private static int Taken(TokenBucket bucket, int attempts) => Enumerable.Range(0, attempts).Count(_ => bucket.TryTake());
}
