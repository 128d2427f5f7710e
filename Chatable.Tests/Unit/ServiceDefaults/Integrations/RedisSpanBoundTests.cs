using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chatable.ServiceDefaults.Integrations;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.ServiceDefaults.Integrations;

public sealed class RedisSpanBoundTests
{
    [Fact]
    public void CommandsBeyondTheBoundRunUnprofiledAndAreCountedUntilTheNextWrite()
    {
        using var spans = new RedisSpans(new FakeTimeProvider());
        using var listening = Listen();
        using var dropped = CountDropped(out var count);
        using var parent = new Activity("parent") { ActivityTraceFlags = ActivityTraceFlags.Recorded, IsAllDataRequested = true }.Start();

        for (var i = 0; i < RedisSpans.MaxCommands; i++)
            Assert.NotNull(spans.SessionOfCurrentActivity());
        Assert.Null(spans.SessionOfCurrentActivity());
        Assert.Equal(1, count());

        spans.Write();
        Assert.NotNull(spans.SessionOfCurrentActivity());
    }

    [Fact]
    public void ASessionLongUnusedIsLetGo()
    {
        var time = new FakeTimeProvider();
        using var spans = new RedisSpans(time);
        using var listening = Listen();
        using var parent = new Activity("parent") { IsAllDataRequested = true }.Start();

        var first = spans.SessionOfCurrentActivity();
        time.Advance(TimeSpan.FromSeconds(5));
        spans.Write();
        var second = spans.SessionOfCurrentActivity();
        time.Advance(TimeSpan.FromMinutes(1));
        spans.Write();
        var third = spans.SessionOfCurrentActivity();

        Assert.Same(first, second);
        Assert.NotSame(second, third);
    }

    [Fact]
    public void WithoutAnActivityNothingIsProfiled()
    {
        using var spans = new RedisSpans(new FakeTimeProvider());
        using var listening = Listen();
        Activity.Current = null;

        Assert.Null(spans.SessionOfCurrentActivity());
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RedisSpans.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static MeterListener CountDropped(out Func<long> count)
    {
        var total = 0L;
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "chatable.redis.spans.dropped")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => Interlocked.Add(ref total, measurement));
        listener.Start();
        count = () => Volatile.Read(ref total);
        return listener;
    }
}
