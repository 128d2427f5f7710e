using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Chatable.Tests.Api;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>Chatable on one machine, as <c>deploy/compose</c> sets it up.</summary>
[Collection(ContainerTests.Name)]
public sealed class ComposeTests(BuiltImages images)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task AConversationGoesOnWhenAServerIsKilledAndThroughAnUpgrade()
    {
        await images.BuiltAsync();
        await using var project = await ComposeProject.StartAsync(images.Prefix, BuiltImages.Version);
        await Conversation.TakesPlaceAsync(project.First, project.Second, Cancelled);
        await TheServicesRunWithTheLeastRightsAsync(project);
        await EverythingIsThereByTlsAsync(project);

        using var client = new ChatClient(project.Second);
        var (bob, alice) = (await client.RegisterAsync(Cancelled), await client.RegisterAsync(Cancelled));
        await using (var socket = await V2Socket.JoinAsync(project.Second, alice.Token, Cancelled))
        {
            var killed = await KillAsync(project, "api1");
            Assert.Equal(201, (await client.SayAsync(bob, alice, "one server is dead", Cancelled)).Status);
            Assert.Equal("one server is dead", (await socket.ReceiveAsync("message", Cancelled)).Text("message"));
            // The container runtime restarts it.
            await Eventually.HoldsAsync(
                async () => await ProcessOfAsync(project, "api1") is > 0 and var process && process != killed, "api1 runs again", Cancelled);
            await project.HealthyAsync("api1");
        }

        await AssertLogsNoSecretAsync(project);
        var sent = await UpgradeWhileTalkingAsync(project, bob, alice);

        Assert.Equal(["one server is dead", .. sent], await LogOfAsync(project.First, alice));
        Assert.Equal(["one server is dead", .. sent], await LogOfAsync(project.Second, alice));
        foreach (var service in new[] { "migrations", "api1", "api2", "fanout" })
            Assert.EndsWith($":{images.Commit}", await ImageOfAsync(project, service), StringComparison.Ordinal);
        // Logs of the new containers; those of the old ones are gone.
        await AssertLogsNoSecretAsync(project);
    }

    private static async Task AssertLogsNoSecretAsync(ComposeProject project)
    {
        var logs = await project.LogsAsync();
        Assert.Contains("Now listening on", logs, StringComparison.Ordinal);
        Assert.NotEmpty(project.Secrets());
        Assert.DoesNotContain(project.Secrets(), logs.Contains);
    }

    // The commands from docs/deployment.md: the schema first, then the servers one by one, then the worker.
    private async Task<IReadOnlyList<string>> UpgradeWhileTalkingAsync(ComposeProject project, ChatUser bob, ChatUser alice)
    {
        using var upgraded = new CancellationTokenSource();
        var talking = TalkAsync(project, bob, alice, upgraded.Token);
        project.Version = images.Commit;
        await project.RunAsync("up", "--detach", "--no-deps", "migrations");
        Assert.Equal("0", await Podman.RunAsync(Cancelled, "wait", await project.ContainerOfAsync("migrations")));
        foreach (var service in new[] { "api1", "api2", "fanout" })
        {
            await project.RunAsync("up", "--detach", "--no-deps", service);
            await project.HealthyAsync(service);
        }

        await upgraded.CancelAsync();
        var sent = await talking;
        Assert.True(sent.Count > 20, $"Only {sent.Count} messages were sent meanwhile.");
        return sent;
    }

    /// <returns>The sent messages, all acknowledged: without an answer, the client retries at the other server with the same key.</returns>
    private static async Task<IReadOnlyList<string>> TalkAsync(ComposeProject project, ChatUser bob, ChatUser alice, CancellationToken upgraded)
    {
        using var first = new ChatClient(project.First);
        using var second = new ChatClient(project.Second);
        List<string> sent = [];
        while (!upgraded.IsCancellationRequested)
        {
            var (text, key) = ($"message {sent.Count}", V2Requests.NewKey());
            var attempts = 0;
            await Eventually.HoldsAsync(
                () => IsTakenAsync(attempts++ % 2 == 0 ? first : second, bob, alice, text, key), $"'{text}' is taken", Cancelled, TimeSpan.FromSeconds(60));
            sent.Add(text);
            await Task.Delay(TimeSpan.FromMilliseconds(150), Cancelled);
        }

        return sent;
    }

    private static async Task<bool> IsTakenAsync(ChatClient client, ChatUser bob, ChatUser alice, string text, string key)
    {
        try
        {
            // 200 if an earlier attempt was accepted but its response was lost.
            return (await client.SayAsync(bob, alice, text, Cancelled, key)).Status is 200 or 201;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (JsonException)
        {
            // The response was cut off.
            return false;
        }
    }

    /// <summary>The texts of the user's whole log, as a new device receives it.</summary>
    private static async Task<IReadOnlyList<string>> LogOfAsync(Uri server, ChatUser user)
    {
        await using var socket = await V2Socket.ConnectAsync(server, user.Token, Cancelled);
        await socket.HelloAsync(since: 0, epoch: null, Cancelled);
        List<string> texts = [];
        for (var frame = await socket.ReceiveAsync(Cancelled); frame.Text("type") != "caught_up"; frame = await socket.ReceiveAsync(Cancelled))
            texts.Add(frame.Text("message")!);
        return texts;
    }

    // A crash of the process. After a requested stop, the container would not be restarted.
    private static async Task<int> KillAsync(ComposeProject project, string service)
    {
        var process = await ProcessOfAsync(project, service);
        Signals.Send(process, Signals.Kill);
        await Eventually.HoldsAsync(() => Task.FromResult(!ProcessTable.IsAlive(process)), $"{service} is dead", Cancelled);
        return process;
    }

    private static async Task<int> ProcessOfAsync(ComposeProject project, string service) =>
        (await Podman.StateAsync(await project.ContainerOfAsync(service), Cancelled)).GetProperty("Pid").GetInt32();

    private static async Task<string> ImageOfAsync(ComposeProject project, string service) =>
        (await Podman.InspectAsync(await project.ContainerOfAsync(service), Cancelled)).Text("ImageName")!;

    private static async Task TheServicesRunWithTheLeastRightsAsync(ComposeProject project)
    {
        foreach (var service in new[] { "api1", "api2", "fanout" })
        {
            var process = await ProcessOfAsync(project, service);
            var status = (await File.ReadAllLinesAsync($"/proc/{process}/status", Cancelled))
                .Select(line => line.Split(':', 2)).ToDictionary(line => line[0], line => line[1].Trim());
            Assert.Equal("1654", status["Uid"].Split('\t')[0]);
            Assert.Equal(["0000000000000000", "0000000000000000", "1"], new[] { status["CapEff"], status["CapBnd"], status["NoNewPrivs"] });
            // Only the migrations have the owner's password.
            var environment = ProcessTable.Environment(process);
            Assert.Contains(environment, variable => variable.StartsWith("ConnectionStrings__chatdb=", StringComparison.Ordinal)
                && variable.Contains("Username=chatable;", StringComparison.Ordinal));
            Assert.DoesNotContain(environment, variable => variable.Contains("Username=postgres", StringComparison.Ordinal));
        }

        // Without a user name, Redis allows only PING.
        var redis = await project.ContainerOfAsync("redis");
        Assert.Equal("PONG", await Podman.RunAsync(Cancelled, "exec", redis, "redis-cli", "ping"));
        Assert.StartsWith("NOPERM", await Podman.RunAsync(Cancelled, "exec", redis, "redis-cli", "get", "heads"), StringComparison.Ordinal);
    }

    // For localhost, Caddy signs the certificate with its own authority, which it keeps in its volume.
    private static async Task EverythingIsThereByTlsAsync(ComposeProject project)
    {
        var caddy = await project.ContainerOfAsync("caddy");
        const string Root = "/data/caddy/pki/authorities/local/root.crt";
        await Eventually.HoldsAsync(
            async () => (await Podman.TryAsync(Cancelled, "exec", caddy, "test", "-s", Root)).ExitCode == 0, "Caddy has its authority", Cancelled);
        using var authority = X509Certificate2.CreateFromPem(await Podman.RunAsync(Cancelled, "exec", caddy, "cat", Root));
        using var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        using var http = new HttpClient(handler, disposeHandler: false);
        await Eventually.HoldsAsync(() => IsHealthyAsync(http, project.Secure), "the servers answer over TLS", Cancelled);
        // The documents name the public address because Caddy's forwarded headers are trusted.
        Assert.Matches(
            $"host: \\W?localhost:{project.Secure.Port}\\W?\n *protocol: wss", await http.GetStringAsync(new Uri(project.Secure, "/asyncapi.yaml"), Cancelled));

        using var client = new ChatClient(project.First);
        var alice = await client.RegisterAsync(Cancelled);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {alice.Token.ToJwt()}");
        socket.Options.AddSubProtocol(V2Socket.Subprotocol);
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(project.Secure) { Scheme = "wss", Path = "/api/ws" }.Uri, invoker, Cancelled);
        Assert.Equal((WebSocketState.Open, V2Socket.Subprotocol), (socket.State, socket.SubProtocol));
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, Uri address)
    {
        try
        {
            return await http.GetStringAsync(new Uri(address, "/health"), Cancelled) == "Healthy";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
