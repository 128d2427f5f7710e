namespace Chatable.Messaging.Intake;

/// <summary>An entry that could not be stored, with the reason and its history.</summary>
public sealed record DeadLetter
{
    public required int Partition { get; init; }

    /// <summary>Its id in the dead-letter stream. It begins with the time of the move, in milliseconds since 1970.</summary>
    public required string Id { get; init; }

    /// <summary>Its id in the intake. If it was replayed, the latest one.</summary>
    public required string EntryId { get; init; }

    /// <summary>An error code without user text, such as an SQLSTATE or <c>undecodable</c>.</summary>
    public required string Error { get; init; }

    /// <summary>The number of attempts to store it, all replays included.</summary>
    public required long Attempts { get; init; }

    /// <summary>The number of fields of the stream entry. API servers write one field, <c>m</c>.</summary>
    public required int Fields { get; init; }

    /// <summary>The size of all field names and values, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The encoded <see cref="Wire.IntakeEntry"/>, including the message text. Empty if the entry had no field <c>m</c>.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>The outcome of replaying a dead letter.</summary>
public enum ReplayOutcome
{
    /// <summary>No dead letter has this id, or another caller has already replayed or discarded it.</summary>
    NotFound = 0,

    /// <summary>The entry is now the last one of its partition, and no longer a dead letter.</summary>
    Replayed = 1,

    /// <summary>Not replayed: the partition is at <see cref="IntakeOptions.Limit"/>.</summary>
    IntakeFull = 2,

    /// <summary>Not replayed: a script cannot append so many fields. No API server writes more than one.</summary>
    TooManyFields = 3,
}
