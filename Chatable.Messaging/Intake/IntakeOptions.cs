namespace Chatable.Messaging.Intake;

/// <summary>Section <c>Intake</c>; the API servers and the workers must agree on every value.</summary>
public sealed class IntakeOptions : IKeyPrefixed
{
    public const string Section = "Intake";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>Streams the intake is split into, at least four for each worker expected. It can change only while all are empty.</summary>
    public int Partitions { get; set; } = 16;

    /// <summary>
    /// Entries one partition holds before senders are told <see cref="AcceptOutcome.Busy"/>. Partitions × limit × average size should
    /// stay under 40 % of Redis' memory.
    /// </summary>
    public int Limit { get; set; } = 20_000;

    /// <summary>Dead letters one partition holds; past it the partition stops rather than lose one.</summary>
    public int DeadLetterLimit { get; set; } = 10_000;
}
