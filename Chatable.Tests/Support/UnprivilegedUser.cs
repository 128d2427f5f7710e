using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>PostgreSQL refuses to run as root: where the tests are root, servers run as the user <c>postgres</c>.</summary>
internal static class UnprivilegedUser
{
    private static readonly bool s_needed = Environment.IsPrivilegedProcess && OperatingSystem.IsLinux();

    /// <param name="program">The full path of the program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="deathSignal">The signal it gets when this process dies (Linux only), as <c>INT</c>; none if null.</param>
    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string? deathSignal = null)
    {
        List<string> command = [];
        if (OperatingSystem.IsLinux())
        {
            command.Add("setpriv");
            if (s_needed)
                command.AddRange(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
            command.AddRange(["--pdeathsig", deathSignal ?? "keep", "--"]);
        }
        command.Add(program);
        command.AddRange(arguments);
        return new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
    }

    public static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo(program, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'{program}' ended with {process.ExitCode}.\n{await output}\n{errors}");
    }

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
        if (!s_needed)
            return;
        using var chown = Process.Start("chown", ["-R", "postgres:", folder.FullName]);
        await chown.WaitForExitAsync(cancellationToken);
    }
}
