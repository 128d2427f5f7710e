using System.Globalization;
using System.Text.Json.Serialization;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>The output for a dead letter: everything except its text.</summary>
internal sealed record LetterView
{
    public required int Partition { get; init; }
    public required string Id { get; init; }
    public required DateTimeOffset? At { get; init; }
    public required string Error { get; init; }
    public required long Attempts { get; init; }
    public required string EntryId { get; init; }
    public required int Fields { get; init; }
    public required long Bytes { get; init; }

    /// <summary>Whether this version can decode the entry. An entry that cannot be decoded cannot be stored either.</summary>
    public required bool Decodable { get; init; }

    public Guid? MessageId { get; init; }
    public string? ClientId { get; init; }
    public string? After { get; init; }
    public long? AuthorId { get; init; }
    public string? Author { get; init; }
    public long? RecipientId { get; init; }
    public string? Recipient { get; init; }
    public int? MessageType { get; init; }
    public int? TextBytes { get; init; }

    public static LetterView Of(DeadLetter letter)
    {
        var view = new LetterView
        {
            Partition = letter.Partition,
            Id = letter.Id,
            At = TimeOf(letter.Id),
            Error = letter.Error,
            Attempts = letter.Attempts,
            EntryId = letter.EntryId,
            Fields = letter.Fields,
            Bytes = letter.Bytes,
            Decodable = IntakeEntry.TryDecode(letter.Payload, out var entry),
        };
        return !view.Decodable ? view : view with
        {
            MessageId = entry.MessageId,
            ClientId = entry.ClientId.Text,
            After = entry.After?.Text,
            AuthorId = entry.AuthorId,
            Author = entry.Author,
            RecipientId = entry.RecipientId,
            Recipient = entry.Recipient,
            MessageType = (int)entry.Type,
            TextBytes = entry.Body.Length,
        };
    }

    // A stream's id begins with the milliseconds since 1970, by Redis' clock.
    private static DateTimeOffset? TimeOf(string id) =>
        long.TryParse(id.Split('-')[0], CultureInfo.InvariantCulture, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}

/// <summary>The outcome for one letter.</summary>
internal sealed record LetterResult(int Partition, string Id, string Result);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(List<LetterView>))]
[JsonSerializable(typeof(LetterView))]
[JsonSerializable(typeof(List<LetterResult>))]
internal sealed partial class DlqJson : JsonSerializerContext;
