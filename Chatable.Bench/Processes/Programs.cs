using System.Diagnostics;

namespace Chatable.Bench.Processes;

/// <summary>Our own programs, as they were built beside this one.</summary>
internal static class Programs
{
    private const string Self = "Chatable.Bench";
    private static readonly string[] s_services = ["Chatable.MigrationService", "Chatable.ApiService", "Chatable.FanoutWorker"];

    /// <summary>A service of this checkout or of another one, in this program's configuration.</summary>
    public static ProcessStartInfo Service(
        string project, IEnumerable<(string Key, string Value)> environment, string? checkout = null)
    {
        var folder = FolderOf(project, checkout);
        return File.Exists(Path.Combine(folder, $"{project}.dll"))
            ? Start(folder, $"{project}.dll", [], environment)
            : throw new FileNotFoundException($"{project} is not built in {folder}. `make bench` builds it.");
    }

    /// <summary>Whether the services can be started from there.</summary>
    public static bool AreBuiltIn(string checkout) =>
        s_services.All(project => File.Exists(Path.Combine(FolderOf(project, checkout), $"{project}.dll")));

    /// <summary>One of the references, which this program holds.</summary>
    public static ProcessStartInfo Reference(IEnumerable<string> arguments, IEnumerable<(string Key, string Value)> environment) =>
        Start(AppContext.BaseDirectory, $"{Self}.dll", ["reference", .. arguments], environment);

    // A program runs in <checkout>/<project>/bin/Release/net10.0/, and so do the others.
    private static string FolderOf(string project, string? checkout)
    {
        var self = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = self.Parent!;
        var own = configuration.Parent!.Parent!.Parent!;
        return Path.Combine(checkout ?? own.FullName, project, "bin", configuration.Name, self.Name);
    }

    private static ProcessStartInfo Start(
        string folder, string program, string[] arguments, IEnumerable<(string Key, string Value)> environment)
    {
        var start = ServerAccount.StartInfo("dotnet", [Path.Combine(folder, program), .. arguments], "KILL", unprivileged: false);
        start.WorkingDirectory = folder;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        return start;
    }
}
