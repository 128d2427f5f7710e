namespace Chatable.Client;

/// <summary>A message is refused permanently, by the server or because no server could accept it. It is not in the outbox.</summary>
/// <param name="clientId">The client id of the message.</param>
/// <param name="code">The protocol's code: <c>invalid</c>, <c>empty</c>, <c>unknown_recipient</c>, <c>forbidden</c>, <c>too_large</c>,
/// <c>idempotency_key_reused</c>, <c>unsupported</c>.</param>
/// <param name="message">The reason, without the message's text.</param>
public sealed class ChatSendException(string clientId, string code, string message) : Exception($"{code}: {message}")
{
    internal const string KeyReused = "idempotency_key_reused";

    /// <summary>The client id of the message.</summary>
    public string ClientId { get; } = clientId;

    /// <summary>The protocol's error code.</summary>
    public string Code { get; } = code;
}

/// <summary>The outbox is full. Nothing was stored or sent.</summary>
/// <param name="capacity">The capacity of the outbox.</param>
public sealed class ChatOutboxFullException(int capacity)
    : Exception($"{capacity} messages wait for the server already; send this one when some are through.");

/// <summary>
/// The connection has stopped. Unanswered messages are still in the outbox: a new connection on the same store sends them.
/// </summary>
/// <param name="status">The final status, with the reason.</param>
/// <param name="inner">The exception in this process that caused it, if any.</param>
public sealed class ChatStoppedException(ChatStatus status, Exception? inner = null)
    : Exception($"The connection is over: {status.Reason}{(status.CloseCode is { } code ? $" (close code {code})" : "")}.", inner)
{
    /// <summary>The final status, with the reason.</summary>
    public ChatStatus Status { get; } = status;
}
