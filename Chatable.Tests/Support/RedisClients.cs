using StackExchange.Redis;

namespace Chatable.Tests.Support;

/// <summary>What Redis reports about its clients.</summary>
internal static class RedisClients
{
    // One per line: id=7 addr=127.0.0.1:5000 … name=lane-0 … flags=b … cmd=xread …; the flags contain b if the client waits.
    public static async Task<bool> IsAnyWaitingAsync(IDatabase redis, string nameBegins) =>
        (await redis.ExecuteAsync("CLIENT", "LIST")).ToString().Split('\n')
        .Select(line => line.Split(' '))
        .Any(fields => fields.Any(field => field.StartsWith($"name={nameBegins}", StringComparison.Ordinal))
            && fields.Any(field => field.StartsWith("flags=", StringComparison.Ordinal) && field["flags=".Length..].Contains('b')));
}
