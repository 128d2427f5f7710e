using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>What several partitions have at their heads, to be settled together.</summary>
/// <param name="Members">Of each head whose it is.</param>
/// <param name="Heads">None is empty.</param>
internal sealed record LaneBatch(IReadOnlyList<LaneMember> Members, IReadOnlyList<PartitionHead> Heads)
{
    private int Entries => Heads.Sum(head => head.Items.Count);

    /// <summary>Tells each member that it is being deleted; its next reading takes it from there.</summary>
    public void Deleting(Task<IReadOnlyList<RedisException?>> deletion)
    {
        for (var i = 0; i < Members.Count; i++)
            Members[i].Deleting(deletion, i);
    }

    /// <summary>Parts of whole partitions and nearly the same size, as many as there can be.</summary>
    /// <param name="most">At least 1.</param>
    /// <param name="leastSize">Entries in each, on average: at least 1.</param>
    public IReadOnlyList<LaneBatch> Split(int most, int leastSize)
    {
        var count = Math.Min(Math.Min(most, Members.Count), Entries / leastSize);
        if (count <= 1)
            return [this];

        var parts = Enumerable.Range(0, count).Select(_ => new Part()).ToArray();
        foreach (var (member, head) in Members.Zip(Heads).OrderByDescending(one => one.Second.Items.Count))
            parts.MinBy(part => part.Entries)!.Add(member, head);
        return Array.ConvertAll(parts, part => new LaneBatch(part.Members, part.Heads));
    }

    private sealed class Part
    {
        public List<LaneMember> Members { get; } = [];

        public List<PartitionHead> Heads { get; } = [];

        public int Entries { get; private set; }

        public void Add(LaneMember member, PartitionHead head)
        {
            Members.Add(member);
            Heads.Add(head);
            Entries += head.Items.Count;
        }
    }
}
