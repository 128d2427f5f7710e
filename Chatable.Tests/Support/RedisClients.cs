using StackExchange.Redis;

namespace Chatable.Tests.Support;

/// <summary>What Redis tells of those connected to it.</summary>
internal static class RedisClients
{
    // A line each: id=7 addr=127.0.0.1:5000 … name=lane-0 … flags=b … cmd=xread …; flags hold a b where the client waits.
    public static async Task<bool> IsAnyWaitingAsync(IDatabase redis, string nameBegins) =>
        (await redis.ExecuteAsync("CLIENT", "LIST")).ToString().Split('\n')
        .Select(line => line.Split(' '))
        .Any(fields => fields.Any(field => field.StartsWith($"name={nameBegins}", StringComparison.Ordinal))
            && fields.Any(field => field.StartsWith("flags=", StringComparison.Ordinal) && field["flags=".Length..].Contains('b')));
}
