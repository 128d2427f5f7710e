using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging.Intake;

/// <summary>Section <c>Intake</c>. The API servers and the workers must agree on every value.</summary>
public sealed class IntakeOptions : IKeyPrefixed
{
    public const string Section = "Intake";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>
    /// The number of streams in the intake, at least four for each expected worker. It can change only while all are empty.
    /// </summary>
    [Range(1, 1024)]
    public int Partitions { get; set; } = 16;

    /// <summary>
    /// The entries that one partition holds before senders receive <see cref="AcceptOutcome.Busy"/>. Partitions × limit × average size
    /// should stay under 40 % of Redis' memory. At least 100, because all waiting entries of one sender, at most 32, are appended together or
    /// not at all.
    /// </summary>
    [Range(100, 10_000_000)]
    public int Limit { get; set; } = 20_000;

    /// <summary>The dead letters that one partition holds. At the limit the partition stops, so that no dead letter is lost.</summary>
    [Range(1, 10_000_000)]
    public int DeadLetterLimit { get; set; } = 10_000;
}

[OptionsValidator]
public sealed partial class IntakeOptionsValidator : IValidateOptions<IntakeOptions>;
