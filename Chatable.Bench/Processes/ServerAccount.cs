using System.Diagnostics;

namespace Chatable.Bench.Processes;

/// <summary>PostgreSQL refuses to run as root: where this process is root, the stores run as the user <c>postgres</c>.</summary>
internal static class ServerAccount
{
    private static readonly bool s_needed = Environment.IsPrivilegedProcess && OperatingSystem.IsLinux();

    /// <param name="program">The full path of the program, or a name in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="deathSignal">The signal it gets when this process dies (Linux only), as <c>INT</c>.</param>
    /// <param name="unprivileged">Whether it has to run without root's rights.</param>
    public static ProcessStartInfo StartInfo(
        string program, IEnumerable<string> arguments, string deathSignal = "keep", bool unprivileged = true)
    {
        string[] account = unprivileged && s_needed ? ["--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
        string[] starter = OperatingSystem.IsLinux() ? ["setpriv", .. account, "--pdeathsig", deathSignal, "--"] : [];
        string[] command = [.. starter, program, .. arguments];
        return new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
    }

    /// <summary>Runs a program to its end, under the servers' account.</summary>
    /// <exception cref="InvalidOperationException">It ended with anything but 0.</exception>
    public static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        (await ProcessRun.OfAsync(StartInfo(program, arguments), cancellationToken)).Succeeded($"'{program}'");

    /// <summary>Makes a temporary folder that only the servers' user (and root) can enter.</summary>
    public static async Task<DirectoryInfo> CreateFolderAsync(string prefix, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory(prefix);
        await GiveAsync(folder, cancellationToken);
        return folder;
    }

    /// <summary>Makes the servers' user the owner of a folder and of all that is in it.</summary>
    public static async Task GiveAsync(DirectoryInfo folder, CancellationToken cancellationToken)
    {
        if (s_needed)
            (await ProcessRun.OfAsync("chown", ["-R", "postgres:", folder.FullName], cancellationToken)).Succeeded("chown");
    }
}
