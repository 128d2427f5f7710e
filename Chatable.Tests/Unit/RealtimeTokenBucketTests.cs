using Chatable.ApiService.Realtime.Sockets;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit;

public class RealtimeTokenBucketTests
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
