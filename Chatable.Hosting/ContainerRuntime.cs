using System.Diagnostics;

namespace Chatable.Hosting;

/// <summary>The container runtime of this machine.</summary>
public static class ContainerRuntime
{
    /// <summary>
    /// Returns the name of a runtime (<c>docker</c>, <c>podman</c>, or the one in <c>ASPIRE_CONTAINER_RUNTIME</c>) that has just started a
    /// container, or null. Takes up to some seconds if there is one. On Windows the servers cannot run as processes, so it does not try,
    /// and returns the configured runtime, or Docker.
    /// </summary>
    public static string? FindWorking()
    {
        if (OperatingSystem.IsWindows())
            return Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") ?? "docker";
        using var probe = Process.Start(
            new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "can-start-containers.sh")])
            {
                RedirectStandardOutput = true,
            })!;
        var name = probe.StandardOutput.ReadToEnd().Trim();
        probe.WaitForExit();
        return probe.ExitCode == 0 ? name : null;
    }
}
