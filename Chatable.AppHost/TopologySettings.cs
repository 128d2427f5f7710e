/// <summary>
/// What can be set about the topology, in appsettings.json, the environment or on the command line (<c>--Api:Replicas=5</c>).
/// </summary>
internal sealed record TopologySettings(int ApiReplicas, int? ApiPort, int FanoutReplicas, bool UseVolumes)
{
    /// <summary>Reads the settings, and tells each that cannot be used in a sentence of its own.</summary>
    public static TopologySettings Read(IConfiguration configuration, List<string> errors)
    {
        var port = Number(configuration, "Api:Port", fallback: 8080, least: 0, most: 65_535, errors);
        return new(
            Number(configuration, "Api:Replicas", fallback: 3, least: 1, most: 100, errors),
            port == 0 ? null : port,
            Number(configuration, "Fanout:Replicas", fallback: 1, least: 1, most: 100, errors),
            Flag(configuration, "UseVolumes", fallback: true, errors));
    }

    private static int Number(IConfiguration configuration, string key, int fallback, int least, int most, List<string> errors)
    {
        if (configuration[key] is not { Length: > 0 } text)
            return fallback;
        if (int.TryParse(text, out var number) && number >= least && number <= most)
            return number;
        errors.Add($"{key} must be a whole number from {least} to {most}, but is '{text}'.");
        return fallback;
    }

    private static bool Flag(IConfiguration configuration, string key, bool fallback, List<string> errors)
    {
        if (configuration[key] is not { Length: > 0 } text)
            return fallback;
        if (bool.TryParse(text, out var flag))
            return flag;
        errors.Add($"{key} must be true or false, but is '{text}'.");
        return fallback;
    }
}
