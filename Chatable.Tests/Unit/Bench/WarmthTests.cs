using Chatable.Bench.Measures;
using Chatable.Bench.Runs;

namespace Chatable.Tests.Unit.Bench;

public sealed class WarmthTests
{
    [Fact]
    public void ASystemIsWarmWhenItNeitherGetsCheaperNorCompiles() =>
        Assert.Equal(5, WindowsUntilWarm((1.0, 0.4), (0.5, 0.2), (0.2, 0.002), (0.19, 0.002), (0.2, 0), (0.2, 0)));

    /// <summary>Code that counts its calls costs more than the code before, and the cheapest is still to come.</summary>
    [Fact]
    public void OneThatCompilesIsNotWarmHoweverLongItsCostStays() =>
        Assert.Equal(6, WindowsUntilWarm((0.3, 0.2), (0.35, 0.2), (0.35, 0.2), (0.34, 0.02), (0.3, 0), (0.31, 0), (0.3, 0)));

    [Fact]
    public void AStepAfterACalmWindowBeginsAnew() =>
        Assert.Equal(5, WindowsUntilWarm((0.3, 0.2), (0.3, 0), (0.2, 0), (0.2, 0), (0.2, 0)));

    [Fact]
    public void OneThatCompilesForeverIsNeverWarm() =>
        Assert.Null(WindowsUntilWarm([.. Enumerable.Repeat((0.3, 0.02), 100)]));

    private static int? WindowsUntilWarm(params (double Cost, double CompilingShare)[] windows)
    {
        const double Cpu = 8;
        var warmth = new Warmth();
        for (var number = 1; number <= windows.Length; number++)
        {
            warmth.Add(new RunResult
            {
                Scenario = "warm-up",
                Subject = "a system",
                Protocol = "v2",
                Round = 0,
                Seconds = 4,
                PerSecond = 1000,
                CpuPerThousand = windows[number - 1].Cost,
                Compiling = windows[number - 1].CompilingShare * Cpu,
                Cpu = new() { ["api"] = Cpu / 2, ["postgres"] = Cpu / 2 },
            });
            if (warmth.IsReached)
                return number;
        }

        return null;
    }
}
