using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>Says that an option is out of its range, with its name; nothing where it is not.</summary>
internal static class OptionRange
{
    public static IEnumerable<string> Of<T>(T value, T least, T most, string name) where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}.")];
}
