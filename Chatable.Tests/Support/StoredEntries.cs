using System.Text.Json;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;

namespace Chatable.Tests.Support;

/// <summary>Reads the fields of entries, as a client does.</summary>
internal static class StoredEntries
{
    public static StoredPlace Place(this EntryStored stored) =>
        MessageEntry.PlaceOf(
            stored.Entry.CommandId, stored.Entry.AckFields.Span,
            stored.Recipients.Single(recipient => recipient.UserId == stored.Entry.ActorId).Seq);

    public static StoredPlace Place(this CommandRepeated repeated) =>
        MessageEntry.PlaceOf(repeated.CommandId, repeated.AckFields.Span, repeated.ActorSeq);

    public static JsonElement ToJson(this LogEntry entry) =>
        JsonDocument.Parse(CompactJson.ToObject(entry.Fields.Span)).RootElement;

    public static bool IsSameAs(this LogEntry one, LogEntry other) =>
        one.Fields.Span.SequenceEqual(other.Fields.Span) && one with { Fields = other.Fields } == other;
}
