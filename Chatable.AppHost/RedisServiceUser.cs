using StackExchange.Redis;

namespace Chatable.AppHost;

/// <summary>
/// The user of Redis that the services run as: every key, and every command but those that concern the server as a whole (FLUSHALL, CONFIG,
/// KEYS, DEBUG, SHUTDOWN …). Redis keeps users only in files of its own, so it is made whenever the server has become ready.
/// </summary>
internal static class RedisServiceUser
{
    // INFO is dangerous to Redis for what it tells; the services look by it whether it is another run, and at the eviction policy.
    private static readonly string[] s_rights = ["resetkeys", "~*", "resetchannels", "&*", "+@all", "-@dangerous", "+info"];

    public static IResourceBuilder<IResourceWithConnectionString> AddTo<T>(IResourceBuilder<T> server, ParameterResource password)
        where T : IResourceWithConnectionString =>
        (IResourceBuilder<IResourceWithConnectionString>)server.OnResourceReady(async (redis, _, cancellationToken) =>
        {
            var connection = await redis.GetConnectionStringAsync(cancellationToken);
            var secret = await password.GetValueAsync(cancellationToken);
            await using var owner = await ConnectionMultiplexer.ConnectAsync(connection!);
            object[] user = ["SETUSER", Store.ServiceUser, "on", "resetpass", $">{secret}", .. s_rights];
            await owner.GetDatabase().ExecuteAsync("ACL", user);
        });
}
