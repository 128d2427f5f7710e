using System.Security.Cryptography;

namespace Chatable.LocalHosting;

internal static class InstanceId
{
    /// <summary>
    /// Eight lower-case letters, new at every start: the suffix of a resource id and the service.instance.id of a replica.
    /// </summary>
    public static string NewSuffix() => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 8);
}
