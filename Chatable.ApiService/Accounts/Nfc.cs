using System.Globalization;
using System.Reflection;
using System.Text;

namespace Chatable.ApiService.Accounts;

/// <summary>
/// Unicode's normalization form C (UAX 15). .NET's own implementation uses ICU: it does nothing if ICU is missing or disabled, and its
/// result depends on the ICU version. Two replicas must never normalize a password differently.
/// </summary>
internal sealed class Nfc
{
    private const int LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, SBase = 0xAC00;
    private const int LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    // Created for the first text that is not ASCII.
    private static readonly Lazy<Nfc> s_tables = new(() => new Nfc());

    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<int, (int First, int Second)> _parts = [];
    private readonly Dictionary<(int First, int Second), int> _wholes = [];

    private Nfc()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("nfc.txt")!);
        while (reader.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["class", var number, var first, var last]:
                    for (var point = Hex(first); point <= Hex(last); point++)
                        _classes[point] = byte.Parse(number, CultureInfo.InvariantCulture);
                    break;
                case ["both", var whole, var first, var second]:
                    _parts[Hex(whole)] = (Hex(first), Hex(second));
                    _wholes[(Hex(first), Hex(second))] = Hex(whole);
                    break;
                case ["apart", var whole, var first]:
                    _parts[Hex(whole)] = (Hex(first), 0);
                    break;
                case ["apart", var whole, var first, var second]:
                    _parts[Hex(whole)] = (Hex(first), Hex(second));
                    break;
            }
        }
    }

    /// <param name="text">Well-formed UTF-16. The time grows with the square of its longest run of combining characters.</param>
    public static string Of(string text)
    {
        if (Ascii.IsValid(text))
            return text;

        var tables = s_tables.Value;
        List<int> points = [];
        foreach (var rune in text.EnumerateRunes())
            tables.Decompose(rune.Value, points);
        return ToText(tables.Compose(points));
    }

    // Inserts each code point at its place among the combining characters before it.
    private void Decompose(int point, List<int> points)
    {
        if (point - SBase is >= 0 and < SCount and var syllable)
        {
            points.Add(LBase + syllable / (VCount * TCount));
            points.Add(VBase + syllable % (VCount * TCount) / TCount);
            if (syllable % TCount != 0)
                points.Add(TBase + syllable % TCount);
        }
        else if (_parts.TryGetValue(point, out var parts))
        {
            Decompose(parts.First, points);
            if (parts.Second != 0)
                Decompose(parts.Second, points);
        }
        else
        {
            var at = points.Count;
            if (ClassOf(point) is > 0 and var own)
            {
                while (at > 0 && ClassOf(points[at - 1]) > own)
                    at--;
            }

            points.Insert(at, point);
        }
    }

    private List<int> Compose(List<int> points)
    {
        List<int> composed = new(points.Count);
        var starter = -1;
        foreach (var point in points)
        {
            var own = ClassOf(point);
            // A character between it and the starter blocks the composition, unless that character has a lower class.
            var isFree = starter >= 0 && (starter == composed.Count - 1 || ClassOf(composed[^1]) < own);
            if (isFree && TryCompose(composed[starter], point, out var whole))
            {
                composed[starter] = whole;
                continue;
            }

            if (own == 0)
                starter = composed.Count;
            composed.Add(point);
        }

        return composed;
    }

    private bool TryCompose(int first, int second, out int whole)
    {
        if (first - LBase is >= 0 and < LCount and var l && second - VBase is >= 0 and < VCount and var v)
        {
            whole = SBase + (l * VCount + v) * TCount;
            return true;
        }

        if (first - SBase is >= 0 and < SCount and var syllable && syllable % TCount == 0 && second - TBase is > 0 and < TCount and var t)
        {
            whole = first + t;
            return true;
        }

        return _wholes.TryGetValue((first, second), out whole);
    }

    private byte ClassOf(int point) => _classes.GetValueOrDefault(point);

    private static string ToText(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        foreach (var point in points)
            text.Append(new Rune(point).ToString());
        return text.ToString();
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
