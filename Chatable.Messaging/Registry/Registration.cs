namespace Chatable.Messaging.Registry;

/// <summary>Records that a user is connected to a server, according to the server's latest registration.</summary>
public readonly record struct Registration(long User, Guid BootId);
