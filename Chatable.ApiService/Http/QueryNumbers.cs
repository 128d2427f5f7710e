using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>Reads the numbers of a v2 query and collects what is wrong with them; a parameter given twice is no number.</summary>
internal sealed class QueryNumbers
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    /// <summary>The answer to a query with faults; null without any.</summary>
    public Problem? Problem => _errors.Count == 0 ? null : Problem.Invalid(_errors);

    /// <summary>Null where it is not given, and where it is no number of that range, which is a fault.</summary>
    public long? Read(string name, string? text, long least, long most)
    {
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;

        Add(name, most == long.MaxValue ? $"is not a number from {least} up" : $"is not a number from {least} to {most}");
        return null;
    }

    public void Add(string name, string fault) => _errors.TryAdd(name, fault);
}
