using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>Podman with its own images, settings and volumes, prepared by <c>eng/containers.sh</c>.</summary>
internal static class Podman
{
    private static readonly Dictionary<string, string> s_asPrepared = [];

    /// <summary>The prepared folder. Throws if it is missing: container tests never pass without it.</summary>
    public static string Folder => Environment.GetEnvironmentVariable("CHATABLE_CONTAINERS") is { Length: > 0 } folder
        && Directory.Exists(folder)
            ? folder
            : throw new InvalidOperationException("No containers were prepared. Run `make test-containers`, which prepares them and runs the tests.");

    /// <returns>Its output without the last line break.</returns>
    public static async Task<string> RunAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        (await TryAsync(cancellationToken, arguments)).Succeeded($"podman {string.Join(' ', arguments)}").Output.TrimEnd('\n');

    /// <summary>Runs podman; it may fail.</summary>
    public static Task<ProcessRun> TryAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        Assert.NotEmpty(Folder);
        return Repository.RunAsync(s_asPrepared, "podman", cancellationToken, arguments);
    }

    /// <summary>The details of a container.</summary>
    public static async Task<JsonElement> InspectAsync(string container, CancellationToken cancellationToken) =>
        JsonElement.Parse(await RunAsync(cancellationToken, "container", "inspect", container))[0];

    /// <summary>The state of a container: whether it runs, its process ID, its exit code.</summary>
    public static async Task<JsonElement> StateAsync(string container, CancellationToken cancellationToken) =>
        (await InspectAsync(container, cancellationToken)).GetProperty("State");

    /// <summary>The names of all containers, running or not, that match a filter such as <c>label=a=b</c>.</summary>
    public static async Task<IReadOnlyList<string>> ContainersAsync(CancellationToken cancellationToken, string? filter = null) =>
        Lines(await RunAsync(
            cancellationToken, ["ps", "--all", "--format", "{{.Names}}", .. filter is null ? Array.Empty<string>() : ["--filter", filter]]));

    public static async Task<IReadOnlyList<string>> VolumesAsync(CancellationToken cancellationToken) =>
        Lines(await RunAsync(cancellationToken, "volume", "ls", "--quiet"));

    public static async Task<IReadOnlyList<string>> NetworksAsync(CancellationToken cancellationToken) =>
        Lines(await RunAsync(cancellationToken, "network", "ls", "--quiet"));

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
