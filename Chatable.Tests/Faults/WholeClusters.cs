namespace Chatable.Tests.Faults;

/// <summary>Runs of whole clusters: one at a time and beside no other test, since each takes all the machine has.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeClusters
{
    public const string Name = "Faults";
}
