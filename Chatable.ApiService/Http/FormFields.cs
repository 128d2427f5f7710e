namespace Chatable.ApiService.Http;

/// <summary>A condition on a field's text, and the message if it is violated.</summary>
internal sealed record FieldRule(Predicate<string> Holds, string Message)
{
    public static FieldRule MaxLength(int characters) =>
        new(text => Characters.Count(text) <= characters, $"please enter no more than {characters} characters");
}

/// <summary>The named texts of a body, and the faults of the fields that were read. Unknown names are ignored.</summary>
internal sealed class FormFields
{
    /// <summary>More fields than any form has. A body with more is not read to the end.</summary>
    public const int MaxCount = 64;

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _faults = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The first fault of each invalid field.</summary>
    public IReadOnlyDictionary<string, string> Errors => _errors;

    /// <returns>False if the body has too many fields.</returns>
    public bool Add(string name, string? text)
    {
        if (text is not null && !_texts.TryAdd(name, text))
            _faults[name] = "is given more than once";
        return ++_count <= MaxCount;
    }

    /// <summary>Adds a field whose value is not text.</summary>
    /// <returns>False if the body has too many fields.</returns>
    public bool AddFault(string name, string fault)
    {
        _faults[name] = fault;
        return ++_count <= MaxCount;
    }

    public string Required(string name, params ReadOnlySpan<FieldRule> rules)
    {
        var text = _texts.GetValueOrDefault(name, "");
        if (Fault(name, text, rules) is { } fault)
            _errors[name] = fault;
        return text;
    }

    private string? Fault(string name, string text, ReadOnlySpan<FieldRule> rules)
    {
        if (_faults.TryGetValue(name, out var fault))
            return fault;
        if (string.IsNullOrWhiteSpace(text))
            return "is required";

        foreach (var rule in rules)
        {
            if (!rule.Holds(text))
                return rule.Message;
        }

        // PostgreSQL does not accept U+0000, and no name or address contains a control character.
        return text.Any(char.IsControl) ? "please enter no control characters" : null;
    }
}
