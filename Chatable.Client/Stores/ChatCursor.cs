namespace Chatable.Client;

/// <summary>How far a device has read its user's log.</summary>
/// <param name="Epoch">The generation of the log. Seqs of different epochs are unrelated.</param>
/// <param name="Seq">The last seq taken. 0 is before the first.</param>
public readonly record struct ChatCursor(Guid Epoch, long Seq);

/// <summary>An outgoing message.</summary>
/// <param name="ClientId">Its id, assigned before the first attempt: a message resent with the same id is stored once. 1–64 of
/// <c>[A-Za-z0-9_-]</c>.</param>
/// <param name="Recipient">The recipient's username.</param>
/// <param name="Text">The text of the message.</param>
/// <param name="Type">The kind of content in the text.</param>
public sealed record OutgoingMessage(string ClientId, string Recipient, string Text, ChatMessageType Type = ChatMessageType.Text)
{
    internal bool IsSameAs(OutgoingMessage other) => ClientId == other.ClientId && Says(other.Recipient, other.Text, other.Type);

    internal bool IsStoredAs(ChatMessage message) => ClientId == message.ClientId && Says(message.Recipient, message.Text, message.Type);

    private bool Says(string recipient, string text, ChatMessageType type) =>
        Recipient.Equals(recipient, StringComparison.OrdinalIgnoreCase) && Text == text && Type == type;
}

/// <summary>The content of a store.</summary>
/// <param name="Cursor">The device's cursor. Null before the first connection.</param>
/// <param name="Outbox">The unacknowledged messages, in send order.</param>
/// <param name="SettledAhead">Seqs after the cursor whose messages this device sent and had acknowledged. They are skipped when they
/// arrive.</param>
public sealed record ChatStoreContent(
    ChatCursor? Cursor, IReadOnlyList<OutgoingMessage> Outbox, IReadOnlySet<long> SettledAhead);
