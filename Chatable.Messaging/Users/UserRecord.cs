namespace Chatable.Messaging.Users;

/// <summary>A user by id, with the name in the letter case that the user chose.</summary>
public readonly record struct UserRef(long Id, string Username);

/// <summary>A stored user, without private fields.</summary>
public sealed record UserRecord(long Id, string Username, bool IsActive);

/// <summary>The data that a login is checked against.</summary>
public sealed record LoginRecord(long Id, string PasswordHash, bool IsActive);

/// <summary>The unique fields of a new user that another user already has.</summary>
public readonly record struct TakenFields(bool Username, bool Email, bool PhoneNumber);

/// <summary>A user to be created. Every field has been validated.</summary>
public sealed record NewUser
{
    public required string Username { get; init; }
    public required string Email { get; init; }
    public required string PhoneNumber { get; init; }
    public required string FirstName { get; init; }
    public required string LastName { get; init; }
    public required string PasswordHash { get; init; }
}
