using System.Globalization;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Holding;

/// <summary>How many clients are connected, how many could not be or were cut off, and the first reason: a line as <c>500 0 </c>.</summary>
internal sealed record Attendance(int Present, long Lost, string? Trouble)
{
    public static Attendance None { get; } = new(0, 0, null);

    /// <summary>On its loop only.</summary>
    public static Attendance Of(Crowd crowd) => new(crowd.Present.Count, crowd.Lost, crowd.Trouble);

    public static Attendance Read(string line)
    {
        var parts = line.Split(' ', 3);
        return new Attendance(
            int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2].Length == 0 ? null : parts[2]);
    }

    /// <summary>Of both.</summary>
    public Attendance With(Attendance? other) =>
        other is null ? this : new Attendance(Present + other.Present, Lost + other.Lost, Trouble ?? other.Trouble);

    /// <summary>What <see cref="Read"/> reads.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Present} {Lost} {Trouble?.ReplaceLineEndings(" ")}");
}
