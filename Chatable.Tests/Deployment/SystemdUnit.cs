namespace Chatable.Tests.Deployment;

/// <summary>A systemd unit, or an environment file that it names: lines of <c>name=value</c>, which may repeat.</summary>
internal sealed class SystemdUnit
{
    private readonly ILookup<string, string> _settings;

    public SystemdUnit(string file)
    {
        Name = Path.GetFileName(file);
        File = file;
        _settings = Lines(file).ToLookup(line => line.Name, line => line.Value);
    }

    public string Name { get; }

    public string File { get; }

    /// <summary>All values of a setting, including repeated lines.</summary>
    public IEnumerable<string> this[string setting] => _settings[setting];

    /// <summary>The units that a setting names.</summary>
    public IEnumerable<string> Units(string setting) => this[setting].SelectMany(value => value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The variables in the unit itself; its environment file overrides them.</summary>
    public IReadOnlyDictionary<string, string> Environment => this["Environment"].Select(one => one.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);

    public string EnvironmentFile => this["EnvironmentFile"].Single();

    public string Program => this["ExecStart"].Single();

    /// <summary>The variables of an environment file, without its comments.</summary>
    public static IReadOnlyDictionary<string, string> Variables(string file) => Lines(file).ToDictionary(line => line.Name, line => line.Value);

    private static IEnumerable<(string Name, string Value)> Lines(string file) => System.IO.File.ReadAllLines(file)
        .Where(line => line.Length > 0 && line[0] is not ('#' or ';' or '['))
        .Select(line => line.Split('=', 2)).Select(parts => (parts[0], parts[1]));
}
