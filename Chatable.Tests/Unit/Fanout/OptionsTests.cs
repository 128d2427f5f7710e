using Chatable.FanoutWorker;
using Chatable.Messaging.Messages;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.Tests.Unit.Fanout;

public sealed class OptionsTests
{
    [Theory]
    [InlineData(16, 1, 16)]
    [InlineData(16, 2, 8)]
    [InlineData(16, 3, 6)]
    [InlineData(16, 16, 1)]
    [InlineData(16, 40, 1)]
    public void SharesOfAllWorkersTogetherCoverThePartitions(int partitions, int live, int share)
    {
        Assert.Equal(share, PartitionLeases.Share(partitions, live));
        Assert.True(share * live >= partitions);
    }

    [Fact]
    public void WaitsDoubleUpToTheLimitAndStartOverAfterASuccess()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));
        double[] full = [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000];
        Assert.All(full, limit => Assert.InRange(backoff.Next().TotalMilliseconds, limit / 2, limit));
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 25, 50);
    }

    [Theory]
    [InlineData("08006", PersistFailure.Transient)]
    [InlineData("25006", PersistFailure.Transient)]
    [InlineData("40001", PersistFailure.Transient)]
    [InlineData("40P01", PersistFailure.Transient)]
    [InlineData("42P01", PersistFailure.Transient)]
    [InlineData("53100", PersistFailure.Transient)]
    [InlineData("53300", PersistFailure.Transient)]
    [InlineData("55P03", PersistFailure.Transient)]
    [InlineData("57014", PersistFailure.Transient)]
    [InlineData("57P01", PersistFailure.Transient)]
    [InlineData("58030", PersistFailure.Transient)]
    [InlineData("22021", PersistFailure.Data)]
    [InlineData("23503", PersistFailure.Data)]
    [InlineData("23514", PersistFailure.Data)]
    [InlineData("23505", PersistFailure.Unforeseen)]
    [InlineData("XX000", PersistFailure.Transient)]
    [InlineData("26000", PersistFailure.Transient)]
    public void OnlyWhatAnEntryHoldsIsHeldAgainstIt(string sqlState, PersistFailure expected) =>
        Assert.Equal(expected, PersistFailures.Classify(new PostgresException("", "ERROR", "ERROR", sqlState)));

    [Fact]
    public void EveryBadSettingIsNamedAtOnce()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Fanout:BatchSize", "0"), new("Fanout:LeaseDuration", "00:00:01")]);
        builder.AddFanout();
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<FanoutOptions>>();
        Assert.Equal(
            ["Fanout:BatchSize must be between 1 and 5000.", "Fanout:LeaseDuration must be at least two renewals."],
            Assert.Throws<OptionsValidationException>(() => options.Value).Failures);
    }
}
