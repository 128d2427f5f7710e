namespace Chatable.Client;

/// <summary>What a message's text stands for.</summary>
public enum ChatMessageType
{
    /// <summary>Text to read.</summary>
    Text = 0,

    /// <summary>The address of a photo.</summary>
    Photo = 1,
}

/// <summary>A message at its place in this user's log, as every device of the user gets it.</summary>
public sealed record ChatMessage
{
    /// <summary>The place in this user's log, from 1, without gaps. Only comparable within one epoch.</summary>
    public required long Seq { get; init; }

    /// <summary>The message's name, the same for both parties.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The conversation it belongs to.</summary>
    public required long Conversation { get; init; }

    /// <summary>The place in the conversation, from 1, without gaps, the same for both parties: what to sort by.</summary>
    public required long ConversationSeq { get; init; }

    /// <summary>The username of who wrote it; on the author's other devices this user's own.</summary>
    public required string Author { get; init; }

    /// <summary>The username of who it is for.</summary>
    public required string Recipient { get; init; }

    /// <summary>What was written.</summary>
    public required string Text { get; init; }

    /// <summary>What the text stands for.</summary>
    public ChatMessageType Type { get; init; }

    /// <summary>When the server stored it, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The author's own name for it; only on the author's devices.</summary>
    public string? ClientId { get; init; }
}

/// <summary>A message of this device that the server has committed: it will not be lost any more.</summary>
/// <param name="ClientId">The name under which it was sent.</param>
/// <param name="MessageId">The message's name, the same for both parties.</param>
/// <param name="Seq">The place in this user's log.</param>
/// <param name="Conversation">The conversation it belongs to.</param>
/// <param name="ConversationSeq">The place in the conversation.</param>
/// <param name="CreatedAt">When the server stored it, UTC.</param>
public sealed record SentMessage(
    string ClientId, Guid MessageId, long Seq, long Conversation, long ConversationSeq, DateTimeOffset CreatedAt);
