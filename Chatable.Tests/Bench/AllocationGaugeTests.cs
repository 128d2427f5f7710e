using System.Diagnostics;
using Chatable.Bench.Measures;

namespace Chatable.Tests.Bench;

public sealed class AllocationGaugeTests
{
    /// <summary>Runs the bench program, which exits when its standard input closes.</summary>
    [Fact]
    public async Task AProcessWithTheHookTellsWhatItAllocated()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("dotnet", [AllocationGauge.Hook.Value, "hold"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment[AllocationGauge.Hook.Key] = AllocationGauge.Hook.Value;
        using var process = Process.Start(start)!;
        try
        {
            while (AllocationGauge.Read(process.Id) is not > 0)
            {
                Assert.False(process.HasExited);
                await Task.Delay(5, cancellationToken);
            }
        }
        finally
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
        }

        Assert.Equal(0, process.ExitCode);
        Assert.Null(AllocationGauge.Read(process.Id));
    }
}
