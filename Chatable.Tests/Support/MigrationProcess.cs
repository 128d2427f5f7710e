using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>Runs the migration service as a separate process until it exits.</summary>
internal static class MigrationProcess
{
    public static Task<ProcessRun> RunAsync(
        string connectionString, CancellationToken cancellationToken, params IEnumerable<KeyValuePair<string, string>> environment) =>
        RunAsync(connectionString, meanwhile: null, cancellationToken, environment);

    /// <param name="connectionString">The database.</param>
    /// <param name="meanwhile">Called with the process ID while it runs.</param>
    /// <param name="cancellationToken">Cancels the wait and ends the process.</param>
    /// <param name="environment">Its settings.</param>
    public static Task<ProcessRun> RunAsync(
        string connectionString, Func<int, Task>? meanwhile, CancellationToken cancellationToken,
        params IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo("dotnet", [Program()]);
        start.Environment["ConnectionStrings__chatdb"] = connectionString;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return ProcessRun.OfAsync(start, cancellationToken, meanwhile);
    }

    // From …/Chatable.Tests/bin/{configuration}/{framework} to the service's own output. The copy beside the tests has the tests' packages.
    private static string Program()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = tests.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Chatable.MigrationService", "bin", tests.Parent.Name, tests.Name, "Chatable.MigrationService.dll");
    }
}
