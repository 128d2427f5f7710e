namespace Chatable.LocalHosting;

internal static class ProgramPath
{
    /// <summary>
    /// The full path of a program on PATH or in one of the other folders, which are asked last; null where it is missing.
    /// </summary>
    public static string? Find(string name, IEnumerable<string>? otherFolders = null)
    {
        var file = OperatingSystem.IsWindows() ? $"{name}.exe" : name;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(otherFolders ?? []).Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }

    /// <summary>
    /// The <c>dotnet</c> that this process runs on, so that children use the same runtime: {root}/shared/{framework}/{version}.
    /// </summary>
    public static string DotNet { get; } = Path.GetFullPath(Path.Combine(
        System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..",
        OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
}
