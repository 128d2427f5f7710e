namespace Chatable.ServiceDefaults;

/// <summary>Finds the name that a mistyped one probably stands for.</summary>
internal static class NearestName
{
    public static string Of(string mistyped, IEnumerable<string> names) => names.MinBy(name => Distance(mistyped, name))!;

    /// <summary>The number of letters to change, insert or delete to turn one name into the other, ignoring case.</summary>
    public static int Distance(string one, string other)
    {
        var (above, row) = (new int[other.Length + 1], new int[other.Length + 1]);
        for (var column = 0; column <= other.Length; column++)
            above[column] = column;
        for (var line = 1; line <= one.Length; line++)
        {
            row[0] = line;
            for (var column = 1; column <= other.Length; column++)
            {
                var change = char.ToUpperInvariant(one[line - 1]) == char.ToUpperInvariant(other[column - 1]) ? 0 : 1;
                row[column] = Math.Min(Math.Min(row[column - 1], above[column]) + 1, above[column - 1] + change);
            }

            (above, row) = (row, above);
        }

        return above[other.Length];
    }
}
