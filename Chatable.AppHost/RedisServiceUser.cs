using StackExchange.Redis;

namespace Chatable.AppHost;

/// <summary>
/// The Redis user of the services. It may access every key, and run every command except those that affect the whole server (FLUSHALL,
/// CONFIG, KEYS, DEBUG, SHUTDOWN …). Redis stores users only in its own files, so the user is created whenever the server becomes ready.
/// </summary>
internal static class RedisServiceUser
{
    // Redis classes INFO as dangerous for what it reveals. The services use it to detect another run of the server, and to read the
    // eviction policy.
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
