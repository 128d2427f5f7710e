namespace Chatable.Messaging;

/// <summary>A time in which no log was set back: within it a seq of a user names one message for ever.</summary>
/// <param name="Id">What clients know it by.</param>
/// <param name="Number">
/// What rows and pushes know it by; 0 is the first. They grow, and two servers that go on from one past hardly ever give the same: each is
/// the second in which the epoch began, counted from 2020.
/// </param>
public readonly record struct LogEpoch(Guid Id, int Number);
