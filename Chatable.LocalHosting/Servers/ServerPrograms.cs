using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>Finds the servers' programs on this machine.</summary>
internal static class ServerPrograms
{
    private const string Advice = "install it with 'apt-get install postgresql redis-server' (or run 'make local')";

    private static readonly string[] s_homebrew = ["/opt/homebrew/opt", "/usr/local/opt"];

    /// <summary>
    /// The newest PostgreSQL here, or the one of the given major version: its initdb, postgres and psql lie in one folder.
    /// </summary>
    /// <exception cref="DistributedApplicationException">There is none.</exception>
    public static string FindPostgresFolder(string? majorVersion = null)
    {
        var folders = PostgresFolders().Where(folder => File.Exists(Program(folder, "initdb")) && File.Exists(Program(folder, "psql")));
        var found = majorVersion is null ? folders.FirstOrDefault() : folders.FirstOrDefault(folder => Version(folder) == majorVersion);
        return found ?? throw new DistributedApplicationException(majorVersion is null
            ? $"The program 'postgres' was not found: {Advice}."
            : $"The volume holds data of PostgreSQL {majorVersion}, which is not on this machine: install it, or delete the volume.");
    }

    /// <exception cref="DistributedApplicationException">There is neither Redis nor Valkey.</exception>
    public static string FindRedis()
    {
        string[] elsewhere =
            [.. s_homebrew.SelectMany(root => new[] { $"{root}/redis/bin", $"{root}/valkey/bin" }),
             ProgramFiles("Redis"), ProgramFiles("Memurai")];
        return ProgramPath.Find("redis-server", elsewhere) ?? ProgramPath.Find("valkey-server", elsewhere)
            ?? throw new DistributedApplicationException($"The program 'redis-server' was not found: {Advice}.");
    }

    public static string Program(string folder, string name) =>
        Path.Combine(folder, OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    // Debian and Windows keep one folder a version, Homebrew one link a version; PATH may hold links into any of them.
    private static IEnumerable<string> PostgresFolders()
    {
        var versioned = Versions("/usr/lib/postgresql").Concat(Versions(ProgramFiles("PostgreSQL")))
            .Concat(s_homebrew.SelectMany(root => Children(root, "postgresql@*")))
            .OrderByDescending(VersionOf).Select(folder => Path.Combine(folder, "bin"));
        var onPath = ProgramPath.Find("postgres") is { } program
            ? [Path.GetDirectoryName(File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program)!]
            : Array.Empty<string>();
        return onPath.Concat(versioned).Concat(["/usr/local/pgsql/bin"]);
    }

    private static string[] Versions(string root) => Children(root, "*");

    private static string[] Children(string root, string pattern) =>
        Directory.Exists(root) ? Directory.GetDirectories(root, pattern) : [];

    private static double VersionOf(string folder) =>
        double.TryParse(Path.GetFileName(folder).Split('@')[^1], CultureInfo.InvariantCulture, out var version) ? version : 0;

    // .../postgresql/15/bin and .../postgresql@15/bin tell it by their names; elsewhere any version is taken to fit.
    private static string Version(string folder)
    {
        var version = VersionOf(Path.GetDirectoryName(folder)!);
        return version == 0 ? "" : version.ToString(CultureInfo.InvariantCulture);
    }

    private static string ProgramFiles(string name) =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), name);
}
