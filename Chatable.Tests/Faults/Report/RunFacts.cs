namespace Chatable.Tests.Faults.Report;

/// <summary>What is needed to repeat a run, besides the seeds in its table.</summary>
/// <param name="Ended">When the last fault ended.</param>
/// <param name="Commit">The commit's name in git; empty if unknown.</param>
/// <param name="Seconds">The window of each fault that does not need longer.</param>
/// <param name="Mixed">The window of the random mix.</param>
internal sealed record RunFacts(DateTimeOffset Ended, string Commit, int Seconds, TimeSpan Mixed);
