using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>Reads the numbers of a v2 query, and collects their faults. A parameter given twice is not a number.</summary>
internal sealed class QueryNumbers
{
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    /// <summary>The problem for a query with faults. Null if there are none.</summary>
    public Problem? Problem => _errors.Count == 0 ? null : Problem.Invalid(_errors);

    /// <summary>Returns null if the parameter is absent. Also returns null, and adds a fault, if it is not a number in the range.</summary>
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
