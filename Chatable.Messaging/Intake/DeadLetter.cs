namespace Chatable.Messaging.Intake;

/// <summary>An entry that could not be stored, with its story.</summary>
public sealed record DeadLetter
{
    public required int Partition { get; init; }

    /// <summary>Its id among the dead letters; begins with the milliseconds since 1970 at which it came there.</summary>
    public required string Id { get; init; }

    /// <summary>The id it had in the intake, its latest one where it was replayed.</summary>
    public required string EntryId { get; init; }

    /// <summary>A code without user text, such as an SQLSTATE or <c>undecodable</c>.</summary>
    public required string Error { get; init; }

    /// <summary>How often it was tried, all replays together.</summary>
    public required long Attempts { get; init; }

    /// <summary>Fields of the stream entry; one, <c>m</c>, where an API server wrote it.</summary>
    public required int Fields { get; init; }

    /// <summary>Names and values of all fields together, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The encoded <see cref="Wire.IntakeEntry"/>; empty where the entry had no field <c>m</c>. It holds the text.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>What became of a dead letter that was to be replayed.</summary>
public enum ReplayOutcome
{
    /// <summary>There is none of that id, or somebody else was faster.</summary>
    NotFound = 0,

    /// <summary>It is the last entry of its partition, and no longer among the dead letters.</summary>
    Replayed = 1,

    /// <summary>It stays: the partition is at <see cref="IntakeOptions.Limit"/>.</summary>
    IntakeFull = 2,

    /// <summary>It stays: a script cannot append so many fields. No API server writes more than one.</summary>
    TooManyFields = 3,
}
