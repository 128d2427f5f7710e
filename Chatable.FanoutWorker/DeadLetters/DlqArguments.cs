using System.Globalization;
using System.Text.RegularExpressions;

namespace Chatable.FanoutWorker.DeadLetters;

internal enum DlqVerb
{
    Help,
    List,
    Show,
    Replay,
    Discard,
}

/// <summary>What follows <c>dlq</c> on the command line.</summary>
internal sealed partial record DlqArguments
{
    public const int DefaultLimit = 100;

    public DlqVerb Verb { get; private init; } = DlqVerb.List;
    public int? Partition { get; private init; }
    public string? Id { get; private init; }
    public int Limit { get; private init; } = DefaultLimit;
    public bool All { get; private init; }
    public bool Json { get; private init; }

    /// <exception cref="FormatException">The arguments make no command; the message says why.</exception>
    public static DlqArguments Parse(IReadOnlyList<string> args)
    {
        if (args is ["help" or "--help" or "-h", ..] || args.Contains("--help"))
            return new DlqArguments { Verb = DlqVerb.Help };

        var parsed = new DlqArguments { Verb = args is [var verb, ..] ? VerbOf(verb) : DlqVerb.List };
        var places = new List<string>();
        for (var i = 1; i < args.Count; i++)
        {
            parsed = args[i] switch
            {
                "--json" => parsed with { Json = true },
                "--all" => parsed with { All = true },
                "--partition" => parsed with { Partition = Number(args, ++i, "--partition", least: 0) },
                "--limit" => parsed with { Limit = Number(args, ++i, "--limit", least: 1) },
                ['-', ..] and var unknown => throw new FormatException($"There is no option '{unknown}'."),
                var place => Note(parsed, place),
            };
        }

        return parsed.Place(places);

        DlqArguments Note(DlqArguments unchanged, string place)
        {
            places.Add(place);
            return unchanged;
        }
    }

    private static DlqVerb VerbOf(string text) => text switch
    {
        "list" => DlqVerb.List,
        "show" => DlqVerb.Show,
        "replay" => DlqVerb.Replay,
        "discard" => DlqVerb.Discard,
        _ => throw new FormatException($"There is no command '{text}'."),
    };

    private static int Number(IReadOnlyList<string> args, int at, string option, int least) =>
        at < args.Count && int.TryParse(args[at], CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new FormatException($"{option} needs a whole number from {least}.");

    // <partition> <id>, or nothing where the command is about many.
    private DlqArguments Place(List<string> places)
    {
        if (All && Verb != DlqVerb.Replay)
            throw new FormatException("--all is for replay.");
        if (Verb == DlqVerb.List || All)
            return places.Count == 0 ? this : throw new FormatException($"'{places[0]}' is one too many.");
        if (places.Count != 2)
            throw new FormatException($"{Verb.ToString().ToLowerInvariant()} needs a partition and an id, as 'dlq list' shows them.");
        if (!EntryId().IsMatch(places[1]))
            throw new FormatException($"'{places[1]}' is no id; one looks like 1764000000000-0.");
        return this with { Partition = Number(places, 0, "The partition", least: 0), Id = places[1] };
    }

    [GeneratedRegex(@"^\d{1,19}-\d{1,19}\z")]
    private static partial Regex EntryId();
}
