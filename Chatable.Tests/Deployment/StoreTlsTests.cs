using Chatable.Tests.Api;
using Chatable.Tests.Containers;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Deployment;

/// <summary>
/// Stores that accept only TLS connections, with certificates of a test authority. All it takes are the connection strings and
/// <c>SSL_CERT_FILE</c>, which .NET uses as the machine's trusted authorities.
/// </summary>
public sealed class StoreTlsTests(StoreTlsTests.Stores stores) : IClassFixture<StoreTlsTests.Stores>
{
    private const string Password = "redis-password-of-the-tests";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public sealed class Stores : IAsyncLifetime
    {
        private TestAuthority _authority = null!;
        private TestAuthority _stranger = null!;
        private PostgresServer _postgres = null!;
        private RedisServer _redis = null!;

        internal string Root => _authority.Root;

        /// <summary>An authority that signed neither certificate.</summary>
        internal string OtherRoot => _stranger.Root;

        public string Redis => $"localhost:{_redis.ConnectionString.Split(':')[1]},password={Password},ssl=true";

        public async ValueTask InitializeAsync()
        {
            _authority = await TestAuthority.CreateAsync(Cancelled);
            _stranger = await TestAuthority.CreateAsync(Cancelled);
            _postgres = new PostgresServer { Tls = _authority };
            _redis = new RedisServer { Tls = _authority, MoreSettings = ["--requirepass", Password] };
            await _redis.InitializeAsync();
        }

        /// <summary>A new, empty database.</summary>
        /// <param name="root">The trusted authority.</param>
        /// <param name="host">The host name to verify in the certificate.</param>
        public async Task<string> DatabaseAsync(string root, string host = "localhost") =>
            new NpgsqlConnectionStringBuilder(await _postgres.CreateDatabaseAsync(Cancelled))
            {
                Host = host,
                SslMode = SslMode.VerifyFull,
                RootCertificate = root,
            }.ConnectionString;

        public async ValueTask DisposeAsync()
        {
            await _redis.DisposeAsync();
            await _postgres.DisposeAsync();
            await _stranger.DisposeAsync();
            await _authority.DisposeAsync();
        }
    }

    [Fact]
    public async Task AConversationTakesPlaceAndEveryConnectionOfTheServicesIsEncrypted()
    {
        var database = await stores.DatabaseAsync(stores.Root);
        (string, string)[] trust = [("SSL_CERT_FILE", stores.Root)];
        Assert.Equal(0, (await MigrationProcess.RunAsync(database, Cancelled)).ExitCode);
        using var hers = await ApiProcess.StartAsync(database, stores.Redis, Cancelled, trust);
        using var his = await ApiProcess.StartAsync(database, stores.Redis, Cancelled, trust);
        await using var worker = WorkerProcess.Start("tls", database, stores.Redis, prefix: "", trust);

        await Conversation.TakesPlaceAsync(hers.Address, his.Address, Cancelled);

        var encrypted = await Sql.QueryAsync<bool>(
            database,
            """
            SELECT ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE datname = current_database() AND pid <> pg_backend_pid()
            """,
            Cancelled);
        Assert.NotEmpty(encrypted);
        Assert.DoesNotContain(false, encrypted);
    }

    [Theory]
    [InlineData(true, "127.0.0.1")]
    [InlineData(false, "localhost")]
    public async Task AMigrationRefusesADatabaseWhoseCertificateIsNotItsOwn(bool isTrusted, string host)
    {
        var database = await stores.DatabaseAsync(isTrusted ? stores.Root : stores.OtherRoot, host);

        var migration = await MigrationProcess.RunAsync(
            database, Cancelled, KeyValuePair.Create("Migrations__StartTimeout", "00:00:00"));

        Assert.Equal(1, migration.ExitCode);
        Assert.Contains("certificate", migration.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(database).Password!, migration.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnApiServerIsNotReadyOnARedisThatItDoesNotTrust()
    {
        var database = await stores.DatabaseAsync(stores.Root);
        Assert.Equal(0, (await MigrationProcess.RunAsync(database, Cancelled)).ExitCode);
        using var api = await ApiProcess.StartAsync(database, stores.Redis, Cancelled, ("SSL_CERT_FILE", stores.OtherRoot));
        using var http = new HttpClient { BaseAddress = api.Address };

        await Eventually.HoldsAsync(
            async () => (int)(await http.GetAsync("/health", Cancelled)).StatusCode == 503 && api.Output.Contains("Redis", StringComparison.Ordinal),
            "the server is not ready and says why", Cancelled);

        Assert.DoesNotContain(Password, api.Output, StringComparison.Ordinal);
    }
}
