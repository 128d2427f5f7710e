using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>
/// The images as <c>make images</c> builds them on the stand-in base image, in a registry and in podman's store. They are built once, for
/// the first test that needs them.
/// </summary>
public sealed partial class BuiltImages : IAsyncDisposable
{
    public static IReadOnlyList<string> Services { get; } = ["api", "fanout", "migrations"];

    private readonly Lock _gate = new();
    private Task? _built;
    private ImageRegistry? _registry;
    private string? _commit;

    internal ImageRegistry Registry => _registry ?? throw new InvalidOperationException("The images were not built.");

    public static string Version { get; } = typeof(BuiltImages).Assembly.GetName().Version!.ToString(fieldCount: 3);

    /// <summary>Passed to the build. The real origin of this checkout does not matter.</summary>
    public const string Source = "https://example.org/chatable";

    /// <summary>The second tag.</summary>
    public string Commit => _commit ?? throw new InvalidOperationException("The images were not built.");

    /// <summary>The part before <c>/api:0.1.0</c>.</summary>
    public string Prefix => $"{Registry.Address}/chatable";

    public string NameOf(string service) => $"{Prefix}/{service}:{Version}";

    /// <summary>Builds the images once. A failure fails every test that needs them.</summary>
    public Task BuiltAsync()
    {
        lock (_gate)
            return _built ??= BuildAsync(CancellationToken.None);
    }

    /// <summary>Runs <c>make images</c> with these variables.</summary>
    internal static Task<ProcessRun> MakeAsync(ImageRegistry? registry, CancellationToken cancellationToken, params IEnumerable<string> variables)
    {
        // If make started the tests, its variables would override those of the command line.
        var environment = new Dictionary<string, string> { ["MAKEFLAGS"] = "", ["MAKELEVEL"] = "", ["MFLAGS"] = "", ["MAKEOVERRIDES"] = "" };
        if (registry is not null)
            environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Address;
        return Repository.RunAsync(environment, "make", cancellationToken, ["--no-print-directory", "images", .. variables]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_registry is null)
            return;
        foreach (var tag in new[] { Version, _commit })
            await Podman.TryAsync(CancellationToken.None, ["rmi", "--force", .. Services.Select(service => $"{Prefix}/{service}:{tag}")]);
        _registry.Dispose();
    }

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        _registry = await ImageRegistry.StartAsync(cancellationToken);
        var made = await MakeAsync(_registry, cancellationToken, $"BASE={_registry.Base}", $"REGISTRY={_registry.Address}", $"SOURCE={Source}");
        // images: 127.0.0.1:5000/chatable/api:0.1.0 and :dc65d6db857a-dirty (linux-x64 linux-arm64)
        _commit = CommitTag().Match(made.Succeeded("make images").Output).Groups[1].Value;
        foreach (var service in Services)
        {
            foreach (var tag in new[] { Version, _commit })
                await Podman.RunAsync(cancellationToken, "pull", "--quiet", "--tls-verify=false", $"{Prefix}/{service}:{tag}");
        }
    }

    [GeneratedRegex(@" and :([0-9a-f]{7,40}(-dirty)?) ")]
    private static partial Regex CommitTag();
}
