using Chatable.Tests.Stores;
using Chatable.Tests.Support;

namespace Chatable.Tests.Fanout;

/// <summary>A test with its own world and two users in it.</summary>
public abstract class FanoutTest(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    internal FanoutWorld World { get; private set; } = null!;

    internal UserRow Ann { get; private set; } = null!;

    internal UserRow Ben { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        World = await FanoutWorld.CreateAsync(postgres, redis);
        var users = await World.Database.AddUsersAsync(2);
        (Ann, Ben) = (users[0], users[1]);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return World.DisposeAsync();
    }

    protected Task ExecuteAsync(string sql) => Sql.ExecuteAsync(World.Database.ConnectionString, sql, Token);
}
