using System.Globalization;

namespace Chatable.Tests.Topology;

/// <summary>A started AppHost, with the limits on how fast one client may write lifted: tests are faster than people.</summary>
internal sealed class RunningTopology : IAsyncDisposable
{
    // Seconds are usual; with Aspire, the first start on a machine also pulls the images.
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(10);

    private RunningTopology(DistributedApplication app) => App = app;

    public DistributedApplication App { get; }

    /// <summary>The public address, in front of all replicas.</summary>
    public Uri Api => App.GetEndpoint("api", "http");

    /// <param name="arguments">Of the AppHost, besides those that keep tests off each other's data and ports.</param>
    public static async Task<RunningTopology> StartAsync(params string[] arguments)
    {
        using var limit = new CancellationTokenSource(s_startLimit);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(
            ["--UseVolumes=false", .. arguments], limit.Token);
        builder.CreateResourceBuilder<ProjectResource>("api")
            .WithEnvironment("Realtime__FramesPerSecond", "100000")
            .WithEnvironment("Realtime__FrameBurst", "100000")
            .WithEnvironment("Realtime__PendingSends", "5000");

        var app = await builder.BuildAsync(limit.Token);
        try
        {
            await app.StartAsync(limit.Token);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("api", limit.Token);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("fanout", limit.Token);
            return new RunningTopology(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>The process id of the replica that calls itself <paramref name="server"/>: <c>instance/boot</c>.</summary>
    public int ProcessOf(string resource, string server)
    {
        Assert.True(App.ResourceNotifications.TryGetCurrentState($"{resource}-{server.Split('/')[0]}", out var replica));
        var processId = replica.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        return Convert.ToInt32(processId, CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
