using System.Diagnostics.Metrics;
using Chatable.FanoutWorker;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Unit.Fanout;

public sealed class DeadLetterGaugeTests
{
    [Fact]
    public void GaugeTellsTheLastCountAndNotTheSumOfAll()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var metrics = new FanoutMetrics(meters);
        using var backlog = new CounterReading(meters, "chatable.fanout.dead_letters");

        metrics.DeadLettersCounted(3);
        Assert.Equal(3, backlog.Total);
        metrics.DeadLettersCounted(1);
        Assert.Equal(1, backlog.Total);
    }
}
