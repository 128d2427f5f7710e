namespace Chatable.FanoutWorker.Lanes;

/// <summary>Those who go together, until others are to.</summary>
internal sealed record Gathering(IReadOnlyList<LaneMember> Members, Task Changed);
