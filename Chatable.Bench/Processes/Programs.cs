using System.Diagnostics;

namespace Chatable.Bench.Processes;

/// <summary>Our own programs, as they were built beside this one.</summary>
internal static class Programs
{
    private const string Self = "Chatable.Bench";

    /// <summary>A service of this checkout, in this program's configuration.</summary>
    public static ProcessStartInfo Service(string project, IEnumerable<(string Key, string Value)> environment) =>
        Start(FolderOf(project), $"{project}.dll", [], environment);

    /// <summary>One of the references, which this program holds.</summary>
    public static ProcessStartInfo Reference(IEnumerable<string> arguments, IEnumerable<(string Key, string Value)> environment) =>
        Start(AppContext.BaseDirectory, $"{Self}.dll", ["reference", .. arguments], environment);

    private static string FolderOf(string project)
    {
        // …/Chatable.Bench/bin/Release/net10.0/ has its sibling …/Chatable.ApiService/bin/Release/net10.0/
        var folder = AppContext.BaseDirectory.Replace($"/{Self}/", $"/{project}/", StringComparison.Ordinal);
        return File.Exists(Path.Combine(folder, $"{project}.dll"))
            ? folder
            : throw new FileNotFoundException($"{project} is not built in {folder}. `make bench` builds it.");
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
