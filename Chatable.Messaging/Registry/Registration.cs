namespace Chatable.Messaging.Registry;

/// <summary>That a user is connected to a server, or was when it said so last.</summary>
public readonly record struct Registration(long User, Guid BootId);

/// <summary>Where users are connected.</summary>
/// <param name="Servers">Of each user the servers that live.</param>
/// <param name="Dead">Registrations with servers that live no more.</param>
public readonly record struct FoundServers(
    IReadOnlyDictionary<long, IReadOnlyList<Guid>> Servers, IReadOnlyList<Registration> Dead);
