namespace Chatable.Bench.Processes;

/// <summary>Finds this machine's server programs.</summary>
internal static class InstalledPrograms
{
    // Debian and Ubuntu keep PostgreSQL's programs out of PATH, one folder a version.
    private const string Versioned = "/usr/lib/postgresql";

    /// <summary>The first of these names that is here: one program may go by several.</summary>
    /// <exception cref="FileNotFoundException">None is.</exception>
    public static string Find(params IReadOnlyList<string> programs) =>
        programs.SelectMany(program => Folders().Select(folder => Path.Combine(folder, program))).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException(
            $"The program '{programs[0]}' is not on this machine. `make test-servers` installs it.", programs[0]);

    private static IEnumerable<string> Folders()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return Directory.Exists(Versioned)
            ? Directory.EnumerateDirectories(Versioned)
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin")).Concat(path)
            : path;
    }
}
