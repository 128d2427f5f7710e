using System.Diagnostics;
using Chatable.Messaging;
using Chatable.Messaging.Wire;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>Values whose fields all differ, so that swapping two of them changes the bytes.</summary>
internal static class Samples
{
    public static readonly DateTime CreatedAt = new DateTime(2015, 9, 3, 3, 13, 12, DateTimeKind.Utc).AddTicks(8176500);

    public static readonly Origin Origin = new(Guid.Parse("22222222-2222-4222-8222-222222222222"), 0x0102030405060708);

    public static readonly TraceParent Trace = new(
        ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736"),
        ActivitySpanId.CreateFromString("00f067aa0ba902b7"), ActivityTraceFlags.Recorded);

    public static readonly MessageRecord Message = new()
    {
        MessageId = Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"),
        ConversationId = 3,
        ConversationSeq = 4,
        ClientId = Client("c-1"),
        AuthorId = 42,
        Author = "bob",
        RecipientId = 43,
        Recipient = "alice",
        Body = "hello"u8.ToArray(),
        CreatedAt = CreatedAt,
    };

    public static readonly LogEntry LogEntry = MessageEntry.Of(Message);

    public static readonly IntakeEntry Entry = new()
    {
        MessageId = Message.MessageId,
        ClientId = Client("c-2"),
        After = Client("c-1"),
        AuthorId = 42,
        Author = "bob",
        RecipientId = 43,
        Recipient = "alice",
        Type = MessageType.Photo,
        Body = "hé"u8.ToArray(),
        Origin = Origin,
        Trace = Trace,
    };

    public static ClientId Client(string text) => ClientId.TryParse(text, out var id) ? id : throw new FormatException(text);
}
