using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>Podman, with images, settings and volumes apart from all else on this machine: <c>eng/containers.sh</c> has prepared them.</summary>
internal static class Podman
{
    private static readonly Dictionary<string, string> s_asPrepared = [];

    /// <summary>What was prepared. That it is missing is a failure: a test of containers never passes without them.</summary>
    public static string Folder => Environment.GetEnvironmentVariable("CHATABLE_CONTAINERS") is { Length: > 0 } folder
        && Directory.Exists(folder)
            ? folder
            : throw new InvalidOperationException("No containers were prepared for these tests. `make test-containers` does it, and runs them.");

    /// <returns>What it printed, without the last line's end.</returns>
    public static async Task<string> RunAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        (await TryAsync(cancellationToken, arguments)).Succeeded($"podman {string.Join(' ', arguments)}").Output.TrimEnd('\n');

    /// <summary>The same, which may fail.</summary>
    public static Task<ProcessRun> TryAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        Assert.NotEmpty(Folder);
        return Repository.RunAsync(s_asPrepared, "podman", cancellationToken, arguments);
    }

    /// <summary>What it knows of a container.</summary>
    public static async Task<JsonElement> InspectAsync(string container, CancellationToken cancellationToken) =>
        JsonElement.Parse(await RunAsync(cancellationToken, "container", "inspect", container))[0];

    /// <summary>The state of a container: whether it runs, its process, its exit code.</summary>
    public static async Task<JsonElement> StateAsync(string container, CancellationToken cancellationToken) =>
        (await InspectAsync(container, cancellationToken)).GetProperty("State");

    /// <summary>The names of all containers, running or not, for which a filter such as <c>label=a=b</c> holds.</summary>
    public static async Task<IReadOnlyList<string>> ContainersAsync(CancellationToken cancellationToken, string? filter = null) =>
        Lines(await RunAsync(
            cancellationToken, ["ps", "--all", "--format", "{{.Names}}", .. filter is null ? Array.Empty<string>() : ["--filter", filter]]));

    public static async Task<IReadOnlyList<string>> VolumesAsync(CancellationToken cancellationToken) =>
        Lines(await RunAsync(cancellationToken, "volume", "ls", "--quiet"));

    public static async Task<IReadOnlyList<string>> NetworksAsync(CancellationToken cancellationToken) =>
        Lines(await RunAsync(cancellationToken, "network", "ls", "--quiet"));

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
