namespace Chatable.Tests.Support;

/// <summary>Finds this machine's server programs. A missing one is a failure: a test that needs it never passes without it.</summary>
internal static class ServerPrograms
{
    // Debian and Ubuntu keep PostgreSQL's programs out of PATH, one folder a version; Homebrew keeps them in the formula's own prefix.
    private static readonly string[] s_roots = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

    public static string Find(string program) =>
        Folders().Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"The program '{program}' is not on this machine. `make servers` installs it.", program);

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
