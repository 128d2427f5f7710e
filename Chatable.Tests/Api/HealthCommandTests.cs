using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary><c>dotnet Chatable.ApiService.dll health</c>, the command container runtimes run as a health check.</summary>
public sealed class HealthCommandTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItEndsWithZeroWhereTheServerIsReady()
    {
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancelled), redis.ConnectionString, Cancelled, ("Workers__Patience", "01:00:00"));

        var asked = await AskAsync("ASPNETCORE_URLS", $"http://+:{api.Address.Port}");
        Assert.Equal((0, "Healthy"), (asked.ExitCode, asked.Output.Trim()));
        Assert.Equal(0, (await AskAsync("ASPNETCORE_HTTP_PORTS", $"{api.Address.Port}")).ExitCode);
    }

    [Fact]
    public async Task ItEndsWithOneWhereTheServerIsNotReadyOrNotThere()
    {
        using var api = await ApiProcess.StartAsync(await postgres.CreateDatabaseAsync(Cancelled), redis.ConnectionString, Cancelled);

        await Eventually.HoldsAsync(
            async () => await AskAsync("ASPNETCORE_HTTP_PORTS", $"{api.Address.Port}") is { ExitCode: 1 } asked && asked.Output.Trim() == "Unhealthy",
            "the command exits with 1 and prints the reason", Cancelled);

        var nobody = await AskAsync("ASPNETCORE_HTTP_PORTS", $"{ServerProcess.FreePort()}");
        Assert.Equal(1, nobody.ExitCode);
        Assert.DoesNotContain("   at ", nobody.Text, StringComparison.Ordinal);
    }

    private static Task<ProcessRun> AskAsync(string variable, string value)
    {
        var service = AppContext.BaseDirectory.Replace("Chatable.Tests", "Chatable.ApiService", StringComparison.Ordinal);
        return Repository.RunAsync(
            new Dictionary<string, string> { [variable] = value }, "dotnet", Cancelled, Path.Combine(service, "Chatable.ApiService.dll"), "health");
    }
}
