using StackExchange.Redis;

namespace Chatable.Tests.Stores;

/// <summary>A connection of one test, configured as in the services, with a key prefix of its own.</summary>
internal sealed class IntakeRedis : IAsyncDisposable
{
    private IntakeRedis(ConnectionMultiplexer connection) => Connection = connection;

    public ConnectionMultiplexer Connection { get; }

    public IDatabase Database => Connection.GetDatabase();

    public string Prefix { get; } = $"{Guid.NewGuid():N}:";

    public static async Task<IntakeRedis> ConnectAsync(string connectionString, TimeSpan? timeout = null)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AllowAdmin = true;
        options.AsyncTimeout = (int)(timeout ?? TimeSpan.FromSeconds(10)).TotalMilliseconds;
        Messaging.RedisBacklog.FailFast(options);
        return new IntakeRedis(await ConnectionMultiplexer.ConnectAsync(options));
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
