using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Hosting;

/// <summary>Which container runtime of this machine can start a container. The runtimes are stubs with the real ones' responses.</summary>
public sealed class ContainerRuntimeTests
{
    // The probe's image contains no program: a runtime that gets as far as starting it reports this exit code.
    private const string Works = "case $1 in import) cat >/dev/null;; run) exit 127;; esac";

    // A client whose daemon does not run.
    private const string HasNoDaemon = "echo 'Cannot connect to the Docker daemon' >&2; exit 1";

    // It can load images, but the kernel does not let it create namespaces.
    private const string CannotRun = "case $1 in import) cat >/dev/null;; run) echo 'crun: clone: Operation not permitted' >&2; exit 126;; esac";

    private const string Hangs = "exec sleep 600";

    [Fact]
    public async Task WithoutAnyThereIsNone() => Assert.Null(await FindAsync(docker: null, podman: null));

    [Fact]
    public async Task AProgramThatIsThereProvesNothing()
    {
        Assert.Null(await FindAsync(docker: HasNoDaemon, podman: null));
        Assert.Null(await FindAsync(docker: null, podman: CannotRun));
        Assert.Null(await FindAsync(docker: HasNoDaemon, podman: CannotRun));
    }

    [Fact]
    public async Task OneThatStartsAContainerIsTakenBehindOneThatDoesNot()
    {
        Assert.Equal("docker", await FindAsync(docker: Works, podman: Works));
        Assert.Equal("podman", await FindAsync(docker: null, podman: Works));
        Assert.Equal("podman", await FindAsync(docker: HasNoDaemon, podman: Works));
    }

    [Fact]
    public async Task TheConfiguredOneIsTheOnlyOneTried()
    {
        Assert.Equal("podman", await FindAsync(docker: Works, podman: Works, configured: "podman"));
        Assert.Null(await FindAsync(docker: Works, podman: CannotRun, configured: "podman"));
    }

    [Fact]
    public async Task OneThatNeverAnswersIsPassedOver() => Assert.Equal("podman", await FindAsync(docker: Hangs, podman: Works));

    private static async Task<string?> FindAsync(string? docker, string? podman, string? configured = null)
    {
        using var programs = new TestFolder();
        ShellTools.LinkAllBut(programs.Path, "docker", "podman");
        if (docker is not null)
            ShellTools.Write(programs.Path, "docker", docker);
        if (podman is not null)
            ShellTools.Write(programs.Path, "podman", podman);
        var start = new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "can-start-containers.sh")]);
        start.Environment["PATH"] = programs.Path;
        start.Environment["ASPIRE_CONTAINER_RUNTIME"] = configured ?? "";
        var probe = await ProcessRun.OfAsync(start, TestContext.Current.CancellationToken);
        return probe.ExitCode == 0 ? probe.Output.Trim() : null;
    }
}
