using System.Security.Cryptography;
using Chatable.Messaging.Users;

namespace Chatable.Tests.Support;

public static class Person
{
    /// <summary>A user with this name and a random email and phone number.</summary>
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
