namespace Chatable.Messaging.Wire.V2;

/// <summary>The place of a stored message, sent to its author once it is committed.</summary>
public readonly record struct StoredPlace(
    ClientId ClientId, Guid MessageId, long Seq, long ConversationId, long ConversationSeq, DateTime CreatedAt);
