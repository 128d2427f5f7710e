namespace Chatable.Tests.Faults.Nemesis;

/// <summary>All classes of faults.</summary>
internal static class FaultTable
{
    public static IReadOnlyList<Fault> All { get; } =
        [.. ProcessFaults.All.Concat(RedisFaults.All).Concat(PostgresFaults.All).Concat(LinkFaults.All).OrderBy(NumberOf)];

    public static Fault Find(string name) =>
        All.FirstOrDefault(fault => fault.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no fault '{name}'.", nameof(name));

    private static int NumberOf(Fault fault) => int.Parse(fault.Name[1..], System.Globalization.CultureInfo.InvariantCulture);
}
