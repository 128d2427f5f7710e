using System.Net;
using Chatable.ServiceDefaults;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Chatable.Tests.Stores.ServiceDefaults;

public sealed class HealthTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AServiceWithItsStoresIsHealthyInOneWord()
    {
        await using var app = await StartAsync(await postgres.CreateDatabaseAsync(Cancelled), redis.ConnectionString);

        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(app, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(app, "/alive"));
    }

    [Fact]
    public async Task AMissingDatabaseFailsReadinessButNotLivenessAndIsNotExplained()
    {
        await using var app = await StartAsync(await postgres.NameMissingDatabaseAsync(Cancelled), redis.ConnectionString);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await GetAsync(app, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(app, "/alive"));
    }

    [Fact]
    public async Task AMissingRedisFailsReadinessWithinTheChecksTimeout()
    {
        var nobody = $"127.0.0.1:{ServerProcess.FreePort()},connectTimeout=500";
        await using var app = await StartAsync(await postgres.CreateDatabaseAsync(Cancelled), nobody);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await GetAsync(app, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(app, "/alive"));
    }

    [Fact]
    public async Task ADrainingServiceIsNotReadyButAlive()
    {
        await using var app = await StartAsync(await postgres.CreateDatabaseAsync(Cancelled), redis.ConnectionString);

        app.Services.GetRequiredService<Draining>().Begin();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await GetAsync(app, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(app, "/alive"));
    }

    [Fact]
    public async Task AServiceToldToStopDrains()
    {
        await using var app = await StartAsync(await postgres.CreateDatabaseAsync(Cancelled), redis.ConnectionString);
        var draining = app.Services.GetRequiredService<Draining>();
        Assert.False(draining.IsDraining);

        app.Lifetime.StopApplication();

        Assert.True(draining.IsDraining);
    }

    private static async Task<WebApplication> StartAsync(string database, string redis)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:chatdb", new NpgsqlConnectionStringBuilder(database) { Timeout = 5 }.ConnectionString),
            new("ConnectionStrings:redis", redis),
        ]);
        builder.AddServiceDefaults();
        builder.AddNpgsqlDataSource("chatdb");
        builder.AddRedisClient("redis");
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(Cancelled);
        return app;
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(WebApplication app, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancelled);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }
}
