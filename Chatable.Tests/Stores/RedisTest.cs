using Chatable.Tests.Support;

namespace Chatable.Tests.Stores;

/// <summary>A test with its own key prefix in the run's Redis.</summary>
public abstract class RedisTest(RedisServer server) : IAsyncLifetime
{
    internal IntakeRedis Redis { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync() => Redis = await IntakeRedis.ConnectAsync(server.ConnectionString);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Redis.DisposeAsync();
    }
}
