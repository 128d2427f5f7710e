using Chatable.Bench.CommandLine;
using Chatable.Bench.Sessions;

namespace Chatable.Tests.Bench;

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

    [Theory]
    [InlineData("--only window-17", "'window-17' is none of window-16,")]
    [InlineData("--rounds 0", "--rounds must be from 1 to 100.")]
    [InlineData("--subjects chatable,irc", "'irc' is none of relay,")]
    [InlineData("--fast", "--fast")]
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
