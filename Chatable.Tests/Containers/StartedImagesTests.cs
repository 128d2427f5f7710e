using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>The running images, configured only by their environment: no writable files, no capabilities, little memory.</summary>
[Collection(ContainerTests.Name)]
public sealed class StartedImagesTests(BuiltImages images)
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task TheyMigrateServeAConversationAndEndInGoodOrder()
    {
        await images.BuiltAsync();
        await using var group = await ContainerGroup.StartAsync();

        Assert.True(await group.RunToEndAsync("migrations", images.NameOf("migrations")) == 0, (await group.LogAsync("migrations")).Text);
        var api = await group.StartServiceAsync("api", images.NameOf("api"));
        var fanout = await group.StartServiceAsync("fanout", images.NameOf("fanout"));
        await HealthyAsync(group, "fanout", fanout);
        await HealthyAsync(group, "api", api);
        // The health check of the container runtime.
        foreach (var (service, program) in new[] { ("api", "Chatable.ApiService.dll"), ("fanout", "Chatable.FanoutWorker.dll") })
            Assert.Equal("Healthy", await Podman.RunAsync(Cancelled, "exec", group.NameOf(service), "dotnet", program, "health"));

        await Conversation.TakesPlaceAsync(api, api, Cancelled);

        foreach (var service in new[] { "api", "fanout" })
            await EndsInGoodOrderAsync(group, service);
    }

    [Fact(Explicit = true)]
    public async Task WithoutASchemaTheServicesWaitForItAndAreNotReady()
    {
        await images.BuiltAsync();
        await using var group = await ContainerGroup.StartAsync();

        var api = await group.StartServiceAsync("api", images.NameOf("api"));
        var fanout = await group.StartServiceAsync("fanout", images.NameOf("fanout"));
        foreach (var (service, address) in new[] { ("api", api), ("fanout", fanout) })
        {
            await AnswersAsync(group, service, address, 503);
            Assert.NotEqual(0, (await Podman.TryAsync(Cancelled, "exec", group.NameOf(service), "dotnet",
                service == "api" ? "Chatable.ApiService.dll" : "Chatable.FanoutWorker.dll", "health")).ExitCode);
        }

        Assert.Equal(0, await group.RunToEndAsync("migrations", images.NameOf("migrations")));

        // The same processes: nothing was restarted.
        await HealthyAsync(group, "fanout", fanout);
        await HealthyAsync(group, "api", api);
        await Conversation.TakesPlaceAsync(api, api, Cancelled);
    }

    private static Task HealthyAsync(ContainerGroup group, string service, Uri address) => AnswersAsync(group, service, address, 200);

    private static async Task AnswersAsync(ContainerGroup group, string service, Uri address, int status)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await Eventually.HoldsAsync(
            async () =>
            {
                var state = await Podman.StateAsync(group.NameOf(service), Cancelled);
                Assert.True(state.GetProperty("Running").GetBoolean(), (await group.LogAsync(service)).Text);
                return await StatusOfAsync(http, address) == status;
            },
            $"{service} answers {status}", Cancelled, TimeSpan.FromSeconds(60));
    }

    private static async Task<int> StatusOfAsync(HttpClient http, Uri address)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(address, "/health"), Cancelled);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static async Task EndsInGoodOrderAsync(ContainerGroup group, string service)
    {
        var started = Stopwatch.GetTimestamp();
        // Sends SIGTERM. A process that exceeds the drain time would be killed and exit with 137.
        await Podman.RunAsync(Cancelled, "stop", "--time", $"{s_drain.TotalSeconds}", group.NameOf(service));

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, s_drain);
        var state = await Podman.StateAsync(group.NameOf(service), Cancelled);
        Assert.True(state.GetProperty("ExitCode").GetInt32() == 0, (await group.LogAsync(service)).Text);
    }
}
