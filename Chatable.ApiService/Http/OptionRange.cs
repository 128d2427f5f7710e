using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>Returns a message with the option's name if a value is out of range, and nothing otherwise.</summary>
internal static class OptionRange
{
    // Timers accept at most 49 days.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    public static IEnumerable<string> Of<T>(T value, T least, T most, string name) where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}.")];

    public static IEnumerable<string> Positive(TimeSpan value, string name) =>
        value > TimeSpan.Zero && value <= s_longest ? [] : [$"{name} must be positive, and a day at most."];
}
