namespace Chatable.Messaging.Wire;

/// <summary>
/// The connection a message came in by, so that its fate can be told there: the server's life and the connection's number in it.
/// </summary>
public readonly record struct Origin(Guid BootId, long ConnectionId);
