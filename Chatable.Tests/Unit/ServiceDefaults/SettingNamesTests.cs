using Chatable.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Unit.ServiceDefaults;

public sealed class SettingNamesTests
{
    [Theory]
    [InlineData("Fanout:BachSize", "Fanout:BachSize is no setting. The nearest one is Fanout:BatchSize.")]
    [InlineData("Migrations:Timeout", "Migrations:Timeout is no setting. The nearest one is Migrations:LockTimeout.")]
    [InlineData("TokenSecrets:Keys", "TokenSecrets:Keys is no setting. The nearest one is TokenSecrets:Key.")]
    [InlineData("Relatime:FramesPerSecond", "Relatime:FramesPerSecond is no setting. The nearest one is Realtime:FramesPerSecond.")]
    [InlineData("Health:Detail", "Health:Detail is no setting. The nearest one is Health:Details.")]
    public void AMistypedNameIsToldWithTheNearest(string name, string sentence) => Assert.Equal([sentence], Unknown((name, "1")));

    [Fact]
    public void WhatIsReadIsTakenInAnyLetterCase() => Assert.Empty(Unknown(
        ("fanout:batchsize", "1"), ("Fanout:KeyPrefix", "x"), ("Fanout:Replicas", "2"), ("Realtime:AllowedOrigins:0", "https://a"),
        ("Realtime:Times:Ping", "00:00:10"), ("Realtime:Delivery:Poll", "00:00:01"), ("TokenSecrets:PreviousKeys:7", "x"),
        ("Chatable:KeyPrefix", "x"), ("Logging:LogLevel:Default", "x"), ("Anything:Else", "x"),
        ("Realtimes:Else", "x")));

    // FailureTests covers environment variables, in a process.
    [Fact]
    public async Task NamesOfTheCommandLineAreLookedAtWhenTheServiceStarts()
    {
        var builder = Host.CreateApplicationBuilder(["--Registry:ReapAftr=00:01:00", "--Intake:Limits=5"]);
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        using var host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            ["Intake:Limits is no setting. The nearest one is Intake:Limit.",
             "Registry:ReapAftr is no setting. The nearest one is Registry:ReapAfter."],
            refused.Failures.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Unknown(params (string Name, string? Value)[] settings) => SettingNames.Unknown(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))).Build());
}
