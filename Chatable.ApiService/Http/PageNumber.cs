using System.Globalization;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Http;

/// <summary>The query value <c>page</c>, from 1, ten rows per page.</summary>
internal readonly record struct PageNumber(long Value)
{
    public const int PerPage = 10;

    public static PageNumber First { get; } = new(1);

    /// <summary>Far beyond any list, with room for the arithmetic in the queries.</summary>
    private const long MaxSkip = long.MaxValue / 2;

    public PageRange Range => new(Value > MaxSkip / PerPage ? MaxSkip : (Value - 1) * PerPage, PerPage);

    /// <summary>Any text that is not a positive number counts as 1. A number too large for a long becomes the largest long.</summary>
    public static PageNumber Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.AsSpan().ContainsAnyExceptInRange('0', '9') || text.AsSpan().Trim('0').IsEmpty)
            return First;

        return new(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var page) ? page : long.MaxValue);
    }
}
