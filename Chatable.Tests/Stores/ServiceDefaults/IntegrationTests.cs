using Chatable.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Stores.ServiceDefaults;

/// <summary>Features of Aspire's two client integrations that the services rely on.</summary>
public sealed class IntegrationTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheConnectionStringWinsOverTheSectionsAndTheCallbackOverBoth()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        using var host = Build(
            builder => builder.AddNpgsqlDataSource(
                "chatdb",
                settings => settings.ConnectionString += ";Application Name=callback",
                source => source.ConnectionStringBuilder.MaxPoolSize = 3),
            new("Aspire:Npgsql:ConnectionString", "Host=common"),
            new("Aspire:Npgsql:chatdb:ConnectionString", "Host=named"),
            new("ConnectionStrings:chatdb", database));

        var source = host.Services.GetRequiredService<NpgsqlDataSource>();
        await using var command = source.CreateCommand("SELECT current_setting('application_name')");

        Assert.Equal("callback", await command.ExecuteScalarAsync(Cancelled));
        Assert.Contains("Maximum Pool Size=3", source.ConnectionString, StringComparison.Ordinal);
    }

    [Fact]
    public void TheNamedSectionWinsOverTheCommonOne()
    {
        using var host = Build(
            builder => builder.AddNpgsqlDataSource("chatdb"),
            new("Aspire:Npgsql:ConnectionString", "Host=common"),
            new("Aspire:Npgsql:chatdb:ConnectionString", "Host=named"));

        Assert.Contains("Host=named", host.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingConnectionStringIsToldWhenTheClientIsAskedFor()
    {
        using var host = Build(builder =>
        {
            builder.AddNpgsqlDataSource("chatdb");
            builder.AddRedisClient("redis");
        });

        var noDatabase = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<NpgsqlDataSource>());
        var noRedis = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IConnectionMultiplexer>());

        Assert.Contains("'ConnectionStrings:chatdb'", noDatabase.Message, StringComparison.Ordinal);
        Assert.Contains("'ConnectionStrings:redis'", noRedis.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HealthChecksAreNamedAsAspireNamesThemAndCanBeTurnedOff()
    {
        using var host = Build(builder =>
        {
            builder.AddNpgsqlDataSource("chatdb");
            builder.AddNpgsqlDataSource("chatdb");
            builder.AddKeyedNpgsqlDataSource("second");
            builder.AddKeyedNpgsqlDataSource("quiet", settings => settings.DisableHealthChecks = true);
            builder.AddRedisClient("redis");
            builder.AddKeyedRedisClient("second");
        });

        var names = host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(check => check.Name);

        Assert.Equal(["PostgreSql", "PostgreSql_second", "StackExchange.Redis", "StackExchange.Redis_second"], names.Order());
    }

    [Fact]
    public async Task RedisTakesItsOptionsFromTheSections()
    {
        using var host = Build(
            builder => builder.AddRedisClient("redis", configureOptions: options => options.ClientName = "callback"),
            new("ConnectionStrings:redis", redis.ConnectionString),
            new("Aspire:StackExchange:Redis:ConfigurationOptions:ConnectRetry", "7"),
            new("Aspire:StackExchange:Redis:redis:ConfigurationOptions:KeepAlive", "11"));

        var connection = host.Services.GetRequiredService<IConnectionMultiplexer>();
        var options = ConfigurationOptions.Parse(connection.Configuration);
        await connection.GetDatabase().PingAsync();

        Assert.Equal("callback", connection.ClientName);
        Assert.Equal(7, options.ConnectRetry);
        Assert.Equal(11, options.KeepAlive);
    }

    [Fact]
    public void AMissingRedisServerDoesNotAbortTheClient()
    {
        using var host = Build(
            builder => builder.AddRedisClient("redis"),
            new KeyValuePair<string, string?>(
                "ConnectionStrings:redis", $"127.0.0.1:{ServerProcess.FreePort()},connectTimeout=500,connectRetry=1"));

        Assert.False(host.Services.GetRequiredService<IConnectionMultiplexer>().IsConnected);
    }

    private static IHost Build(Action<IHostApplicationBuilder> add, params IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings);
        add(builder);
        return builder.Build();
    }
}
