using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>The migration service as a process of its own, run to its end.</summary>
internal sealed record MigrationProcess(int ExitCode, string Output)
{
    public static Task<MigrationProcess> RunAsync(
        string connectionString, CancellationToken cancellationToken, params IEnumerable<KeyValuePair<string, string>> environment) =>
        RunAsync(connectionString, static _ => Task.CompletedTask, cancellationToken, environment);

    /// <param name="connectionString">Of the database.</param>
    /// <param name="meanwhile">What is done to the process with this id while it runs.</param>
    /// <param name="cancellationToken">Ends the wait, and the process.</param>
    /// <param name="environment">Its settings.</param>
    public static async Task<MigrationProcess> RunAsync(
        string connectionString, Func<int, Task> meanwhile, CancellationToken cancellationToken,
        params IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo("dotnet", [Program()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ConnectionStrings__chatdb"] = connectionString;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            await meanwhile(process.Id);
            await process.WaitForExitAsync(cancellationToken);
            return new MigrationProcess(process.ExitCode, await output + await errors);
        }
        finally
        {
            process.Kill();
        }
    }

    // From …/Chatable.Tests/bin/{configuration}/{framework} to the service's own output: that beside the tests has the tests' packages.
    private static string Program()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = tests.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Chatable.MigrationService", "bin", tests.Parent.Name, tests.Name, "Chatable.MigrationService.dll");
    }
}
