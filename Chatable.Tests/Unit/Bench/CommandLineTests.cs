using Chatable.Bench.CommandLine;
using Chatable.Bench.Sessions;

namespace Chatable.Tests.Unit.Bench;

public sealed class CommandLineTests
{
    [Fact]
    public void WhatIsNotGivenIsTheDefaultOfItsKind()
    {
        Assert.Equal(new BenchOptions().Rounds, Read("").Rounds);
        Assert.Equal(1, Read("--quick").Rounds);
        Assert.Equal(5, Read("run --quick --rounds 5").Rounds);
        Assert.Equal(TimeSpan.FromSeconds(2), Read("--seconds 2").Measured);
        Assert.Equal([Scenarios.Window16, Scenarios.Reads], Read("--only window-16,reads").Only);
    }

    [Fact]
    public void AVariantIsTheSameBuildWithOtherSettingsUnlessAFolderIsNamed()
    {
        var variant = Assert.Single(Read("--variant one=,Fanout__Transactions=1,A=b=c").Variants);

        Assert.Equal(("one", null), (variant.Name, variant.Checkout));
        Assert.Equal([("Fanout__Transactions", "1"), ("A", "b=c")], variant.Settings);
    }

    [Theory]
    [InlineData("--only window-17", "'window-17' is none of window-16,")]
    [InlineData("--rounds 0", "--rounds must be from 1 to 100.")]
    [InlineData("--subjects chatable,irc", "'irc' is none of relay,")]
    [InlineData("--fast", "--fast")]
    [InlineData("--variant one= --variant one=,A=b", "'one' is the name of two systems.")]
    [InlineData("--variant chatable=,A=b", "'chatable' is the name of two systems.")]
    [InlineData("--variant base", "'base' is neither name=[folder] nor KEY=VALUE")]
    [InlineData("--variant slow=,Fanout__Transactions", "'Fanout__Transactions' is neither")]
    [InlineData("--variant base=/nowhere", "The services are not built in /nowhere")]
    public void WhatIsWrongIsNamed(string line, string expected)
    {
        var parsed = BenchCommand.Create().Parse(line);

        Assert.Contains(parsed.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    private static BenchOptions Read(string line)
    {
        var parsed = BenchCommand.Create().Parse(line);
        Assert.Empty(parsed.Errors);
        return BenchCommand.Read(parsed);
    }
}
