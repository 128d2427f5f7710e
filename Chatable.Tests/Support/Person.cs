using System.Security.Cryptography;
using Chatable.Messaging.Users;

namespace Chatable.Tests.Support;

public static class Person
{
    /// <summary>Somebody of this name, with an address and a number of their own.</summary>
    public static NewUser Named(string username) => new()
    {
        Username = username,
        Email = $"{RandomNumberGenerator.GetHexString(12, lowercase: true)}@example.com",
        PhoneNumber = RandomNumberGenerator.GetString("0123456789", 20),
        FirstName = "Bob",
        LastName = "Bobson",
        PasswordHash = "none",
    };
}
