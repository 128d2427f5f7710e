using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>
/// Reads a time of a v2 query: RFC 3339, or a date, which is its midnight in UTC. A <c>+</c> that is not escaped arrives as a space, and is
/// read as what was meant.
/// <code>2015-09-03T03:13:12Z   2015-09-03T03:13:12.817650+02:00   2015-09-03</code>
/// </summary>
internal static class QueryTime
{
    private static readonly string[] s_formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd"];

    /// <summary>Returns the time in UTC. Returns null if the parameter is absent, and, with a fault, if it is not a time.</summary>
    public static DateTime? Read(string name, string? text, QueryNumbers query)
    {
        if (text is null)
            return null;
        var meant = text.Replace(' ', '+');
        if (meant.EndsWith('Z'))
            meant = string.Concat(meant.AsSpan(0, meant.Length - 1), "+00:00");
        if (DateTimeOffset.TryParseExact(meant, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time.UtcDateTime;
        query.Add(name, "is not a time such as 2015-09-03T03:13:12Z or 2015-09-03");
        return null;
    }
}
