using Microsoft.Extensions.Configuration;

namespace Chatable.LocalHosting;

/// <summary>How the engine itself behaves; from the AppHost's configuration, so also from its command line.</summary>
internal sealed record EngineOptions
{
    /// <summary>Whether a test runs the topology: quiet, nothing kept between runs, every public port a free one.</summary>
    public required bool IsTest { get; init; }

    /// <summary>
    /// Whether external endpoints get any free port instead of the one they ask for (<c>DcpPublisher:RandomizePorts</c>).
    /// </summary>
    public required bool RandomizePorts { get; init; }

    /// <summary>The folder for one log file per resource (<c>logs</c>), or null.</summary>
    public string? LogFolder { get; init; }

    /// <summary>The folder that holds the data volumes (<c>LocalHosting:Volumes</c>).</summary>
    public required string VolumesFolder { get; init; }

    /// <summary>Where a running topology leaves its connection strings, for tools of its owner.</summary>
    public string ConnectionsFolder => Path.Combine(VolumesFolder, ".connections");

    /// <summary>
    /// How long a process may take to end after it was asked to, before it is killed (<c>LocalHosting:StopTimeout</c>). An API server
    /// takes up to ten seconds to see its clients off.
    /// </summary>
    public required TimeSpan StopTimeout { get; init; }

    /// <summary>Whether the command line asks for publishing, which this engine cannot do.</summary>
    public required bool WantsPublishing { get; init; }

    /// <summary>Whether the command line asks for help.</summary>
    public bool WantsHelp { get; init; }

    public static EngineOptions Read(IConfiguration configuration, bool isTest) => new()
    {
        IsTest = isTest,
        RandomizePorts = configuration.GetValue("DcpPublisher:RandomizePorts", isTest),
        WantsPublishing = configuration["publisher"] is not null || configuration["operation"] == "publish",
        LogFolder = configuration["logs"],
        VolumesFolder = configuration["LocalHosting:Volumes"] ?? DefaultVolumesFolder(),
        StopTimeout = configuration.GetValue("LocalHosting:StopTimeout", TimeSpan.FromSeconds(20)),
    };

    // Root's servers run as another user, who cannot enter root's home.
    private static string DefaultVolumesFolder() => ServerAccount.IsRoot
        ? "/var/lib/chatable/volumes"
        : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } dataHome
                ? dataHome
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
            "chatable", "volumes");
}
