using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary>The files that <c>make install</c> writes to a test folder: first as for a package, then installed over them.</summary>
public sealed class InstalledUnits : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    private readonly TestFolder _folder = new();

    internal string Prefix => Path.Combine(_folder.Path, "usr");

    internal string Settings => Path.Combine(_folder.Path, "etc", "chatable");

    internal string UnitFolder => Path.Combine(Prefix, "lib", "systemd", "system");

    /// <summary>The packaged units, before they were replaced.</summary>
    internal IReadOnlyDictionary<string, string> Packaged { get; private set; } = new Dictionary<string, string>();

    /// <summary>A program file of an earlier version. <see cref="Kept"/> is a settings file of a user.</summary>
    internal string Stale => Path.Combine(Prefix, "lib", "chatable", "api", "Gone.dll");

    internal string Kept => Path.Combine(Settings, "kept.env");

    internal SystemdUnit Unit(string service) => new(Path.Combine(UnitFolder, $"chatable-{service}.service"));

    internal SystemdUnit Target => new(Path.Combine(UnitFolder, "chatable.target"));

    public async ValueTask InitializeAsync()
    {
        try
        {
            Assert.Equal(0, (await MakeAsync("install", $"DESTDIR={_folder.Path}", "PREFIX=/usr", "SYSCONFDIR=/etc")).ExitCode);
            Packaged = Directory.EnumerateFiles(UnitFolder).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
            await File.WriteAllTextAsync(Stale, "");
            await File.WriteAllTextAsync(Kept, "kept");
            Assert.Equal(0, (await InstallAsync("install")).ExitCode);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    internal Task<(int ExitCode, string Output)> InstallAsync(string target) =>
        MakeAsync(target, $"PREFIX={Prefix}", $"SYSCONFDIR={Path.GetDirectoryName(Settings)}");

    internal static async Task<(int ExitCode, string Output)> MakeAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("make", ["--no-print-directory", "-C", Repository.Root, .. arguments]);
        // Build servers would stay alive and keep our pipes open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var patience = new CancellationTokenSource(s_patience);
        var run = await ProcessRun.OfAsync(start, patience.Token);
        Assert.True(run.ExitCode is 0 or 2, run.Text);
        return (run.ExitCode, run.Text);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
