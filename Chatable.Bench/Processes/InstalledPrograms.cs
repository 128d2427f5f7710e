namespace Chatable.Bench.Processes;

/// <summary>Finds this machine's server programs. A missing one is a failure: what needs it never passes without it.</summary>
internal static class InstalledPrograms
{
    // Debian and Ubuntu keep PostgreSQL's programs out of PATH, one folder a version; Homebrew keeps them in the formula's own prefix.
    private static readonly string[] s_roots = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

    /// <summary>The first of these names that is here: one program may go by several.</summary>
    public static string Find(params IReadOnlyList<string> programs) =>
        programs.SelectMany(program => Folders().Select(folder => Path.Combine(folder, program))).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException(
            $"The program '{programs[0]}' is not on this machine. `make test-servers` installs it.", programs[0]);

    /// <summary>Redis' server, or Valkey's, which is the same to its clients.</summary>
    public static string FindRedis() => Find("redis-server", "valkey-server");

    private static IEnumerable<string> Folders()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var versioned = s_roots.Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .OrderByDescending(VersionOf)
            .Select(folder => Path.Combine(folder, "bin"));
        return versioned.Concat(path);
    }

    // "/usr/lib/postgresql/15" → 15, "/opt/homebrew/opt/postgresql@17" → 17, "/opt/homebrew/opt/redis" → 0
    private static int VersionOf(string folder) =>
        int.TryParse(Path.GetFileName(folder).Split('@')[^1], out var version) ? version : 0;
}
