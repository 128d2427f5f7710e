namespace Chatable.Client;

/// <summary>The kind of content in a message's text.</summary>
public enum ChatMessageType
{
    /// <summary>Plain text.</summary>
    Text = 0,

    /// <summary>The address of a photo.</summary>
    Photo = 1,
}

/// <summary>A message with its seq in this user's log, the same on every device of the user.</summary>
public sealed record ChatMessage
{
    /// <summary>The seq in this user's log, from 1, without gaps. Only comparable within one epoch.</summary>
    public required long Seq { get; init; }

    /// <summary>The message's id, the same for both parties.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The id of the conversation.</summary>
    public required long Conversation { get; init; }

    /// <summary>The seq in the conversation, from 1, without gaps, the same for both parties. Sort by this.</summary>
    public required long ConversationSeq { get; init; }

    /// <summary>The author's username. On the author's other devices this is the user's own name.</summary>
    public required string Author { get; init; }

    /// <summary>The recipient's username.</summary>
    public required string Recipient { get; init; }

    /// <summary>The text of the message.</summary>
    public required string Text { get; init; }

    /// <summary>The kind of content in the text.</summary>
    public ChatMessageType Type { get; init; }

    /// <summary>When the server stored the message, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The author's client id for the message. Present only on the author's devices.</summary>
    public string? ClientId { get; init; }
}

/// <summary>A message of this device that the server has committed. It can no longer be lost.</summary>
/// <param name="ClientId">The client id of the message.</param>
/// <param name="MessageId">The message's id, the same for both parties.</param>
/// <param name="Seq">The seq in this user's log.</param>
/// <param name="Conversation">The id of the conversation.</param>
/// <param name="ConversationSeq">The seq in the conversation.</param>
/// <param name="CreatedAt">When the server stored the message, UTC.</param>
public sealed record SentMessage(
    string ClientId, Guid MessageId, long Seq, long Conversation, long ConversationSeq, DateTimeOffset CreatedAt);
