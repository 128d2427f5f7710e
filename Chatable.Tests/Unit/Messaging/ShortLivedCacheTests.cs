using System.Diagnostics.Metrics;
using Chatable.Messaging;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Messaging;

public sealed class ShortLivedCacheTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ShortLivedCache<string, int> _cache;

    public ShortLivedCacheTests() => _cache = new("test", TimeSpan.FromSeconds(30), 16, _time, StringComparer.Ordinal);

    [Fact]
    public void EntryLivesFromTheMomentItsQueryBegan()
    {
        var ticket = _cache.BeginFill();
        _time.Advance(TimeSpan.FromSeconds(20));
        _cache.Fill("a", 1, ticket);
        Assert.True(_cache.TryGet("a", out var value));
        Assert.Equal(1, value);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(_cache.TryGet("a", out _));
    }

    [Fact]
    public void FillThatBeganBeforeARemovalDoesNotBringTheValueBack()
    {
        var ticket = _cache.BeginFill();
        _cache.Remove("a");
        _cache.Fill("a", 1, ticket);
        Assert.False(_cache.TryGet("a", out _));

        _cache.Fill("a", 2, _cache.BeginFill());
        Assert.True(_cache.TryGet("a", out _));
        ticket = _cache.BeginFill();
        _cache.Clear();
        _cache.Fill("a", 3, ticket);
        Assert.False(_cache.TryGet("a", out _));
    }

    [Fact]
    public async Task RemovalRacingWithFillsAlwaysWins()
    {
        for (var round = 0; round < 2_000; round++)
        {
            var ticket = _cache.BeginFill();
            using var start = new Barrier(2);
            var fill = Task.Run(() =>
            {
                start.SignalAndWait();
                _cache.Fill("a", 1, ticket);
            }, TestContext.Current.CancellationToken);
            start.SignalAndWait();
            _cache.Remove("a");
            await fill;
            Assert.False(_cache.TryGet("a", out _));
        }
    }

    [Fact]
    public void FullCacheDropsTheExpiredFirstAndNeverGrows()
    {
        for (var n = 0; n < 8; n++)
            _cache.Fill($"old{n}", n, _cache.BeginFill());
        _time.Advance(TimeSpan.FromSeconds(30));
        for (var n = 0; n < 16; n++)
            _cache.Fill($"new{n}", n, _cache.BeginFill());
        Assert.Equal(16, Enumerable.Range(0, 16).Count(n => _cache.TryGet($"new{n}", out _)));

        for (var n = 0; n < 100; n++)
        {
            _cache.Fill($"more{n}", n, _cache.BeginFill());
            Assert.InRange(_cache.Count, 1, 16);
            Assert.True(_cache.TryGet($"more{n}", out _));
        }
    }

    [Fact]
    public void LiveEntriesThatAFullCacheDropsAreCountedAndNoOthers()
    {
        const string Name = "of this test alone";
        var evicted = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "chatable.cache.evictions")
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags is [{ Key: "cache", Value: Name }])
                evicted += value;
        });
        listener.Start();
        var cache = new ShortLivedCache<string, int>(Name, TimeSpan.FromSeconds(30), 16, _time, StringComparer.Ordinal);

        for (var n = 0; n < 16; n++)
            cache.Fill($"{n}", n, cache.BeginFill());
        _time.Advance(TimeSpan.FromSeconds(30));
        cache.Fill("the expired make room", 0, cache.BeginFill());
        Assert.Equal(0, evicted);

        for (var n = 0; n < 100; n++)
            cache.Fill($"more{n}", n, cache.BeginFill());
        Assert.Equal(101 - cache.Count, evicted);
    }
}
