using Chatable.ApiService.Auth;
using Chatable.Messaging;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sending;

/// <summary>A message a client wants sent: checked as far as that goes without asking anybody. <paramref name="Body"/> is UTF-8.</summary>
internal sealed record PendingSend(ClientId ClientId, string Recipient, ReadOnlyMemory<byte> Body, long ReceivedAt)
{
    public MessageType Type { get; init; }

    /// <inheritdoc cref="IntakeEntry.After"/>
    public ClientId? After { get; init; }

    /// <summary>The message's id, for a sender that must know it again; null to have one made.</summary>
    public Guid? MessageId { get; init; }
}

/// <summary>Who sends, and on which connection.</summary>
internal readonly record struct Sender(AuthenticatedUser User, long ConnectionId);

/// <summary>What became of a message on its way to the intake.</summary>
internal enum SendOutcome
{
    Accepted,
    UnknownRecipient,
    Busy,
    Unavailable,

    /// <summary>It may be in the intake or not; so nothing later of this sender may go ahead.</summary>
    Unknown,
}
