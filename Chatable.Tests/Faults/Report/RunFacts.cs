namespace Chatable.Tests.Faults.Report;

/// <summary>What one must know of a run to repeat it, besides the seeds in its table.</summary>
/// <param name="Ended">When the last fault was over.</param>
/// <param name="Commit">As git names it; empty where it is not known.</param>
/// <param name="Seconds">Of each fault that does not need longer.</param>
/// <param name="Mixed">Of the random mix.</param>
internal sealed record RunFacts(DateTimeOffset Ended, string Commit, int Seconds, TimeSpan Mixed);
