using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>The migration service as a process of its own, run to its end.</summary>
internal static class MigrationProcess
{
    public static Task<ProcessRun> RunAsync(
        string connectionString, CancellationToken cancellationToken, params IEnumerable<KeyValuePair<string, string>> environment) =>
        RunAsync(connectionString, meanwhile: null, cancellationToken, environment);

    /// <param name="connectionString">Of the database.</param>
    /// <param name="meanwhile">What is done to the process with this id while it runs.</param>
    /// <param name="cancellationToken">Ends the wait, and the process.</param>
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

    // From …/Chatable.Tests/bin/{configuration}/{framework} to the service's own output: that beside the tests has the tests' packages.
    private static string Program()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = tests.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Chatable.MigrationService", "bin", tests.Parent.Name, tests.Name, "Chatable.MigrationService.dll");
    }
}
