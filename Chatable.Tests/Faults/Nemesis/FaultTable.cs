namespace Chatable.Tests.Faults.Nemesis;

/// <summary>All classes of faults.</summary>
internal static class FaultTable
{
    public static IReadOnlyList<Fault> All { get; } =
        [.. ProcessFaults.All.Concat(RedisFaults.All).Concat(PostgresFaults.All).Concat(StandbyFaults.All).Concat(SetBackFaults.All)
            .Concat(LinkFaults.All).Concat(ClientFaults.All).Concat(DataFaults.All).Concat(MachineFaults.All).OrderBy(NumberOf)];

    /// <summary>The mix of the other faults.</summary>
    public static Fault Mix { get; } = RandomMix.Of(All);

    public static Fault Find(string name) =>
        All.Append(Mix).Append(Calm.Fault).FirstOrDefault(fault => fault.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no fault '{name}'.", nameof(name));

    // "F9" before "F10", "F10T" after it
    private static int NumberOf(Fault fault) =>
        int.Parse(fault.Name.AsSpan(1).TrimEnd("ST"), System.Globalization.CultureInfo.InvariantCulture);
}
