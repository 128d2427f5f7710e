namespace Chatable.Client;

/// <summary>A message is refused for good, by the server or because no server could accept it; it is not in the outbox.</summary>
/// <param name="clientId">The name under which it was sent.</param>
/// <param name="code">The protocol's code: <c>invalid</c>, <c>empty</c>, <c>unknown_recipient</c>, <c>forbidden</c>, <c>too_large</c>,
/// <c>idempotency_key_reused</c>, <c>unsupported</c>.</param>
/// <param name="message">What is wrong, without the text.</param>
public sealed class ChatSendException(string clientId, string code, string message) : Exception($"{code}: {message}")
{
    internal const string KeyReused = "idempotency_key_reused";

    /// <summary>The name under which it was sent.</summary>
    public string ClientId { get; } = clientId;

    /// <summary>The protocol's code.</summary>
    public string Code { get; } = code;
}

/// <summary>The outbox holds as many messages as it may; nothing was stored or sent.</summary>
/// <param name="capacity">How many it may hold.</param>
public sealed class ChatOutboxFullException(int capacity)
    : Exception($"{capacity} messages wait for the server already; send this one when some are through.");

/// <summary>
/// The connection is over. Messages without an answer are still in the outbox: a new connection on the same store sends them.
/// </summary>
/// <param name="status">Why.</param>
/// <param name="inner">What happened in this process, if anything did.</param>
public sealed class ChatStoppedException(ChatStatus status, Exception? inner = null)
    : Exception($"The connection is over: {status.Reason}{(status.CloseCode is { } code ? $" (close code {code})" : "")}.", inner)
{
    /// <summary>Why.</summary>
    public ChatStatus Status { get; } = status;
}
