namespace Chatable.Messaging.Registry;

/// <summary>That a user is connected to a server, or was when it said so last.</summary>
public readonly record struct Registration(long User, Guid BootId);
