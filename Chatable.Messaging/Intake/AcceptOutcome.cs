namespace Chatable.Messaging.Intake;

/// <summary>What became of entries handed to the intake; all of a call share one fate.</summary>
public enum AcceptOutcome
{
    /// <summary>They are in the log, in the order given.</summary>
    Accepted,

    /// <summary>Surely not appended: the partition is at its limit, or Redis out of memory. Worth another try in a while.</summary>
    Busy,

    /// <summary>Surely not appended: Redis cannot be reached or refuses to write.</summary>
    Unavailable,

    /// <summary>Appended or not, nobody knows. The sender must send again, in order, before anything later of his goes ahead.</summary>
    Unknown,
}
