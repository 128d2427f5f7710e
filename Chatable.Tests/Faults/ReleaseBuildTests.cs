using System.Diagnostics;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults;

/// <summary>Crash points and seeded bugs cannot be asked for where it counts.</summary>
public sealed class ReleaseBuildTests
{
    private static readonly string[] s_switches = ["CHATABLE_BUG", "CHATABLE_CRASH_AT"];

    [Fact(Explicit = true)]
    public async Task AReleaseBuildHasNoSwitchForThem()
    {
        var folder = Directory.CreateTempSubdirectory("chatable-release-");
        try
        {
            using var build = Process.Start(
                "dotnet", ["build", Path.Combine(Repository.Root, "Chatable.Messaging"), "-c", "Release", "-o", folder.FullName]);
            await build.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, build.ExitCode);
            Assert.Empty(SwitchesIn(Path.Combine(folder.FullName, "Chatable.Messaging.dll")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact(Explicit = true)]
    public void ThisDebugBuildHasThem() =>
        Assert.Equal(s_switches, SwitchesIn(Path.Combine(AppContext.BaseDirectory, "Chatable.Messaging.dll")));

    // Literals stand in an assembly as UTF-16.
    private static IEnumerable<string> SwitchesIn(string assembly)
    {
        var bytes = File.ReadAllBytes(assembly);
        return s_switches.Where(name => bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name)) >= 0);
    }
}
