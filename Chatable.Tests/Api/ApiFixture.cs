using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Api;

/// <summary>One API process with its own database, shared by the tests of a class.</summary>
public sealed class ApiFixture(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    private ApiProcess? _api;
    private string _connectionString = "";
    private NpgsqlDataSource? _database;

    public ChatClient Client { get; private set; } = null!;

    public NpgsqlDataSource Database => _database!;

    public Uri Address => _api!.Address;

    public string Output => _api!.Output;

    /// <summary>The complete body of a failure response.</summary>
    public static string Failure(int status, string error, string message) =>
        $$"""{"status":"fail","data":[],"error":{"code":{{status}},"errors":{"error":"{{error}}"},"message":"{{message}}"},"""
        + "\"page\":1,\"per_page\":10,\"current_page\":0}";

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _connectionString = await postgres.CreateMigratedDatabaseAsync(cancellationToken);
        _database = NpgsqlDataSource.Create(_connectionString);
        _api = await ApiProcess.StartAsync(_connectionString, redis.ConnectionString, cancellationToken);
        Client = new ChatClient(_api.Address);
    }

    /// <summary>Another replica on the same database, with its own settings.</summary>
    internal Task<ApiProcess> StartAnotherAsync(params (string Key, string Value)[] settings) => ApiProcess.StartAsync(
        _connectionString, redis.ConnectionString, TestContext.Current.CancellationToken, settings);

    /// <summary>Registers another user and reads the inbox: both must still work after a hostile request.</summary>
    internal async Task AssertStillServesAsync(CancellationToken cancellationToken)
    {
        var user = await Client.RegisterAsync(cancellationToken);
        Assert.Equal(200, (await Client.GetAsync("/api/inbox", user.Token, cancellationToken)).Status);
        Assert.DoesNotContain("   at ", Output, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        _api?.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}
