using System.Diagnostics;

namespace Chatable.Bench.Processes;

/// <summary>PostgreSQL refuses to run as root: where we are root, the stores run as the user <c>postgres</c>.</summary>
internal static class ServerAccount
{
    private static readonly bool s_needed = Environment.IsPrivilegedProcess;

    /// <param name="program">Its full path, or a name in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="deathSignal">What it gets when this process dies, as <c>INT</c>.</param>
    /// <param name="unprivileged">Whether it has to run without root's rights.</param>
    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string deathSignal, bool unprivileged)
    {
        string[] account = unprivileged && s_needed ? ["--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
        return new ProcessStartInfo("setpriv", [.. account, "--pdeathsig", deathSignal, "--", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
    }

    /// <summary>A folder in which only the servers' user can write.</summary>
    public static async Task<DirectoryInfo> CreateFolderAsync(string prefix, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory(prefix);
        if (s_needed)
            await RunAsync(new ProcessStartInfo("chown", ["postgres:", folder.FullName]), cancellationToken);
        return folder;
    }

    /// <exception cref="InvalidOperationException">It ended with anything but 0.</exception>
    public static async Task RunAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"'{string.Join(' ', start.ArgumentList)}' ended with {process.ExitCode}.\n{await output}\n{errors}");
        }
    }
}
