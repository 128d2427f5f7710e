using System.Diagnostics.CodeAnalysis;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Chatable.AppHost;

/// <summary>How PostgreSQL and Redis run.</summary>
internal enum StoreKind
{
    /// <summary>As containers if a container runtime can start one, otherwise as processes.</summary>
    Auto,
    Containers,
    Processes,
}

/// <summary>
/// The settings of the topology, from appsettings.json, the environment or the command line (<c>--Api:Replicas=5</c>).
/// </summary>
internal sealed record TopologySettings
{
    private static readonly string[] s_names = ["Api:Replicas", "Api:Port", "Fanout:Replicas", "Stores", "UseVolumes", "DataFolder"];

    public required int ApiReplicas { get; init; }

    /// <summary>The public port, or null for any free one.</summary>
    public required int? ApiPort { get; init; }

    public required int FanoutReplicas { get; init; }

    public required StoreKind Stores { get; init; }

    /// <summary>Whether the stores keep their data between runs.</summary>
    public required bool UseVolumes { get; init; }

    /// <summary>The folder for the data of stores that run as processes.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Reads the settings. Reports each invalid one in its own sentence on standard error.</summary>
    public static bool TryRead(IConfigurationRoot configuration, [NotNullWhen(true)] out TopologySettings? settings)
    {
        List<string> errors = [.. Unknown(configuration)];
        var port = Number(configuration, "Api:Port", fallback: 8080, least: 0, most: 65_535, errors);
        settings = new()
        {
            ApiReplicas = Number(configuration, "Api:Replicas", fallback: 3, least: 1, most: 100, errors),
            ApiPort = port == 0 ? null : port,
            FanoutReplicas = Number(configuration, "Fanout:Replicas", fallback: 1, least: 1, most: 100, errors),
            Stores = Kind(configuration, "Stores", errors),
            UseVolumes = Flag(configuration, "UseVolumes", fallback: true, errors),
            DataFolder = configuration["DataFolder"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : DefaultDataFolder(),
        };
        if (settings.ApiPort is { } wanted && !configuration.GetValue<bool>("DcpPublisher:RandomizePorts") && Ports.IsTaken(wanted))
            errors.Add($"Port {wanted} is taken by another program: stop that one, or choose another port with --Api:Port.");
        errors.ForEach(Console.Error.WriteLine);
        return errors.Count == 0;
    }

    // Servers started by root run as another user, who cannot access root's home.
    private static string DefaultDataFolder() => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
        ? "/var/lib/chatable/volumes"
        : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } dataHome
                ? dataHome
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
            "chatable", "volumes");

    /// <summary>
    /// Returns names that are not settings: in our sections any unknown name, elsewhere those that differ from ours by a letter or two.
    /// Names in section <c>Fanout</c> of the environment may belong to the worker, which checks them itself.
    /// </summary>
    private static IEnumerable<string> Unknown(IConfigurationRoot configuration)
    {
        var given = configuration.Providers.SelectMany(provider => Keys(provider, parent: null)
            .Where(key => provider is not EnvironmentVariablesConfigurationProvider || IsIn(key, "Api")));
        foreach (var key in given.Distinct(StringComparer.OrdinalIgnoreCase).Except(s_names, StringComparer.OrdinalIgnoreCase))
        {
            var nearest = NearestName.Of(key, s_names);
            var isInOurs = s_names.Any(name => name.Contains(':', StringComparison.Ordinal) && IsIn(key, name.Split(':')[0]));
            if (isInOurs || NearestName.Distance(key, nearest) <= 2)
                yield return $"{key} is no setting of the AppHost. The nearest one is {nearest}.";
        }
    }

    private static bool IsIn(string key, string section) => key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Keys(IConfigurationProvider provider, string? parent)
    {
        foreach (var name in provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var path = parent is null ? name : $"{parent}:{name}";
            if (provider.TryGet(path, out _))
                yield return path;
            foreach (var below in Keys(provider, path))
                yield return below;
        }
    }

    private static int Number(IConfiguration configuration, string key, int fallback, int least, int most, List<string> errors)
    {
        if (configuration[key] is not { } text)
            return fallback;
        if (int.TryParse(text, out var number) && number >= least && number <= most)
            return number;
        errors.Add($"{key} must be a whole number from {least} to {most}, but is {Quoted(text)}.");
        return fallback;
    }

    private static bool Flag(IConfiguration configuration, string key, bool fallback, List<string> errors)
    {
        if (configuration[key] is not { } text)
            return fallback;
        if (bool.TryParse(text, out var flag))
            return flag;
        errors.Add($"{key} must be true or false, but is {Quoted(text)}.");
        return fallback;
    }

    private static string Quoted(string text) => text.Length == 0 ? "empty" : $"'{text}'";

    private static StoreKind Kind(IConfiguration configuration, string key, List<string> errors)
    {
        switch (configuration[key]?.ToLowerInvariant())
        {
            case null or "auto":
                return StoreKind.Auto;
            case "containers":
                return StoreKind.Containers;
            case "processes":
                return StoreKind.Processes;
            default:
                errors.Add($"{key} must be containers, processes or auto, but is {Quoted(configuration[key]!)}.");
                return StoreKind.Auto;
        }
    }
}
