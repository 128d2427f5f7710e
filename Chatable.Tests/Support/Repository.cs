using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Sources(params string[] folder) =>
        Directory.EnumerateFiles(Path.Combine([Root, .. folder]), "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsBuildOutput(Path.GetRelativePath(Root, file)));

    private static bool IsBuildOutput(string relative) =>
        relative.Split(Path.DirectorySeparatorChar) is var parts && (parts.Contains("obj") || parts.Contains("bin"));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Chatable.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Chatable.sln is in no folder above the tests.");
    }

    /// <summary>Runs a program in this folder until it exits.</summary>
    public static Task<ProcessRun> RunAsync(
        IReadOnlyDictionary<string, string> environment, string program, CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Root };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return ProcessRun.OfAsync(start, cancellationToken);
    }
}
