namespace Chatable.Tests.Faults;

/// <summary>Runs of whole clusters: one at a time and without other tests, since each uses the whole machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeClusters
{
    public const string Name = "Faults";
}
