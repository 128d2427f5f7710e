namespace Chatable.Messaging;

/// <summary>A period in which no log was rolled back. Within it, a seq of a user identifies one message forever.</summary>
/// <param name="Id">Identifies the epoch to clients.</param>
/// <param name="Number">
/// Identifies the epoch in rows and pushes; 0 is the first. Numbers grow. Each is the second in which the epoch began, counted from 2020,
/// so two servers that continue from the same past hardly ever produce the same number.
/// </param>
public readonly record struct LogEpoch(Guid Id, int Number);
