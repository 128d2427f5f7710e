using Chatable.Tests.AppHost;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>The AppHost as a user runs it where a container runtime works: PostgreSQL and Redis are Aspire's containers.</summary>
[Collection(ContainerTests.Name)]
public sealed class AppHostContainersTests
{
    private static readonly string[] s_volumes = ["chatable-postgres", "chatable-redis"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task StoresInContainersServeAndKeepTheirDataAndNothingRunsAfterTheEnd()
    {
        // Left over from a killed run. Only tests have volumes in this store.
        await Podman.TryAsync(Cancelled, ["volume", "rm", "--force", .. s_volumes]);
        var (before, networks) = (await Podman.ContainersAsync(Cancelled), await Podman.NetworksAsync(Cancelled));
        using var home = new TestFolder();
        try
        {
            ChatUser alice, bob;
            var left = async () => (await Podman.ContainersAsync(Cancelled)).Except(before).Concat((await Podman.NetworksAsync(Cancelled)).Except(networks));
            await using (var first = await StartAsync(home))
            {
                var api = first.AddressOf("API");
                var stores = (await Podman.ContainersAsync(Cancelled)).Except(before).ToDictionary(name => name.Split('-')[0]);
                Assert.Equal(["postgres", "redis"], stores.Keys.Order());
                // Messages that are accepted but not yet stored exist only here.
                var appendOnly = await Podman.RunAsync(Cancelled, "exec", stores["redis"], "ls", "/data/appendonlydir");
                Assert.Contains("appendonly.aof.manifest", appendOnly, StringComparison.Ordinal);
                var settings = await Podman.RunAsync(Cancelled, "exec", stores["postgres"], "cat", "/proc/1/cmdline");
                Assert.Contains("log_error_verbosity=terse", settings, StringComparison.Ordinal);
                await Conversation.TakesPlaceAsync(api, api, Cancelled);
                using var client = new ChatClient(api);
                (alice, bob) = (await client.RegisterAsync(Cancelled), await client.RegisterAsync(Cancelled));
                await using var socket = await V2Socket.JoinAsync(api, alice.Token, Cancelled);
                await socket.SendAndAckAsync(Guid.CreateVersion7().ToString("D"), bob, "kept", Cancelled);
                await EndAsync(first, left);
            }

            await using var second = await StartAsync(home);
            using var again = new ChatClient(second.AddressOf("API"));
            Assert.Equal(["kept"], await Conversation.ThreadAsync(again, alice, bob, Cancelled));
            await EndAsync(second, left);
        }
        finally
        {
            await Podman.TryAsync(CancellationToken.None, ["volume", "rm", "--force", .. s_volumes]);
        }
    }

    [Fact(Explicit = true)]
    public async Task TheImagesItAsksForAreThoseOfCompose()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(["--Stores=containers"], Cancelled);

        foreach (var store in new[] { "postgres", "redis" })
        {
            var image = builder.Resources.Single(resource => resource.Name == store).Annotations.OfType<ContainerImageAnnotation>().Single();
            Assert.Equal(ComposeFile.ImageOf(store), $"{image.Registry}/{image.Image}:{image.Tag}");
        }
    }

    private static async Task<AppHostProcess> StartAsync(TestFolder home)
    {
        var appHost = await AppHostProcess.StartAsync(home, environment: null, "--Stores=containers", "--Api:Replicas=2");
        try
        {
            await appHost.WaitUntilUpAsync();
            return appHost;
        }
        catch
        {
            await appHost.DisposeAsync();
            throw;
        }
    }

    // The orchestrator removes its containers, then their network, after the AppHost has exited.
    private static async Task EndAsync(AppHostProcess appHost, Func<Task<IEnumerable<string>>> left)
    {
        appHost.Interrupt();
        Assert.Equal(0, await appHost.WaitForEndAsync());
        await Eventually.HoldsAsync(
            async () => !(await left()).Any(), "all containers and their network are gone", Cancelled, TimeSpan.FromSeconds(60));
    }
}
