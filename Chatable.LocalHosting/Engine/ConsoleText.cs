namespace Chatable.LocalHosting;

/// <summary>Lines behind a coloured name; without colours where nobody looks, or <c>NO_COLOR</c> is set.</summary>
internal sealed class ConsoleText
{
    private const string Reset = "\e[0m";

    private static readonly string[] s_colours = ["\e[36m", "\e[33m", "\e[35m", "\e[32m", "\e[34m", "\e[96m", "\e[93m", "\e[95m"];
    private static readonly bool s_coloured =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _colours = [];
    private int _width = 16;

    /// <summary>A line that a process printed.</summary>
    public void Write(string name, string line) => Console.Out.WriteLine($"{Label(name)} | {line}");

    /// <summary>A line about a resource.</summary>
    public void WriteState(string name, string text) => Console.Out.WriteLine($"{Label(name)} : {text}");

    /// <summary>A sentence about a failure, on the standard error stream.</summary>
    public static void WriteError(string sentence) => Console.Error.WriteLine(sentence);

    private string Label(string name)
    {
        lock (_lock)
        {
            _width = Math.Max(_width, name.Length);
            if (!_colours.TryGetValue(name, out var colour))
                _colours[name] = colour = s_colours[_colours.Count % s_colours.Length];
            var padded = name.PadRight(_width);
            return s_coloured ? $"{colour}{padded}{Reset}" : padded;
        }
    }
}
