using System.Security.Cryptography;
using System.Text;

namespace Chatable.Tests.Faults.History;

internal static class BodyHash
{
    /// <summary>16 hexadecimal digits of SHA-256: enough to distinguish the messages of a run.</summary>
    public static string Of(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)).AsSpan(0, 8));
}
