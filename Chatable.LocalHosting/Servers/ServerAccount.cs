namespace Chatable.LocalHosting;

/// <summary>The account that database servers run as when the engine runs as root: PostgreSQL refuses root.</summary>
internal static class ServerAccount
{
    // name:password:uid:gid:…
    private static readonly string[]? s_entry = IsRoot ? Find("postgres") ?? Find("nobody") : null;

    public static bool IsRoot => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <summary>Null when the servers run as the user who runs the engine.</summary>
    public static string? Name => s_entry?[0];

    /// <summary>The id of its group.</summary>
    public static string? Group => s_entry?[3];

    /// <summary>Creates a folder that only the servers' account can enter, and gives it what is already there.</summary>
    public static async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows() && !File.Exists(path))
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        else if (!File.Exists(path))
            Directory.CreateDirectory(path);
        if (Name is null)
            return;

        var (exitCode, output) = await ChildProcess.RunAsync(new("chown", $"{Name}:{Group}", path), cancellationToken);
        if (exitCode != 0)
            throw new DistributedApplicationException($"'{path}' cannot be given to the user '{Name}': {output}");
    }

    private static string[]? Find(string name) => File.ReadLines("/etc/passwd")
        .Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name);
}
