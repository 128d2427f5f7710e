namespace Chatable.Client;

/// <summary>How far a device has come in its user's log.</summary>
/// <param name="Epoch">The log's generation; places of different ones have nothing to do with each other.</param>
/// <param name="Seq">The last place taken; 0 is before the first.</param>
public readonly record struct ChatCursor(Guid Epoch, long Seq);

/// <summary>A message on its way out.</summary>
/// <param name="ClientId">Its name, made before the first attempt: sent again under it, it is stored once.
/// 1–64 of <c>[A-Za-z0-9_-]</c>.</param>
/// <param name="Recipient">The username of who it is for.</param>
/// <param name="Text">What was written.</param>
/// <param name="Type">What the text stands for.</param>
public sealed record OutgoingMessage(string ClientId, string Recipient, string Text, ChatMessageType Type = ChatMessageType.Text)
{
    internal bool IsSameAs(OutgoingMessage other) => ClientId == other.ClientId && Says(other.Recipient, other.Text, other.Type);

    internal bool IsStoredAs(ChatMessage message) => ClientId == message.ClientId && Says(message.Recipient, message.Text, message.Type);

    private bool Says(string recipient, string text, ChatMessageType type) =>
        Recipient.Equals(recipient, StringComparison.OrdinalIgnoreCase) && Text == text && Type == type;
}

/// <summary>What a store holds.</summary>
/// <param name="Cursor">How far the device has come; null before the first connection.</param>
/// <param name="Outbox">What is not acknowledged, in the order of sending.</param>
/// <param name="SettledAhead">Places after the cursor whose messages this device sent and had acknowledged: they
/// are no news when they come.</param>
public sealed record ChatStoreContent(
    ChatCursor? Cursor, IReadOnlyList<OutgoingMessage> Outbox, IReadOnlySet<long> SettledAhead);
