using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Envelopes;

/// <summary>One entry of a user's log. <paramref name="Seq"/> is dense from 1 for each user.</summary>
public readonly record struct Envelope(long Seq, MessageRecord Message);
