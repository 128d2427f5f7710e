using System.Text;
using System.Text.RegularExpressions;
using Chatable.Tests.Deployment;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Topology;

/// <summary>Secrets that the topology never reveals, from its start to its end.</summary>
public sealed partial class TopologySecrecyTests
{
    private const string Text = "meet-me-under-the-clock-at-the-station";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoSecretAndNoMessageIsInACommandLineOnAConsoleInTelemetryOrInTheManifest()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancelled);
        await using var commands = new CommandLineWatch();
        await using var topology = await RunningTopology.StartAsync(collector, "--Api:Replicas=2");

        var (bob, alice) = (await RegisterAsync(topology.Api), await RegisterAsync(topology.Api));
        await TalkAsync(bob, alice);
        var jwt = bob.User.Token.ToJwt();
        await RawHttp.SendAsync(topology.Api, $"GET /api/inbox?access_token={jwt}", [], Cancelled);
        foreach (var span in (string[])["chatable.migrate", "chatable.accept", "chatable.commit", "chatable.push"])
            await collector.ReceivedAsync(span);
        var secrets = await SecretsAsync(topology, bob, alice);
        secrets.Add("bob's JWT", jwt);
        var console = await ConsoleAsync(topology);
        var manifest = await AppHostManifest.PublishAsync(home: null, Cancelled);
        var commandLines = string.Join('\n', await commands.StopAsync());

        // Proof that each source was recorded.
        Assert.Contains("Chatable.ApiService", commandLines, StringComparison.Ordinal);
        Assert.Contains("initdb", commandLines, StringComparison.Ordinal);
        Assert.Contains("Applied 0001", console, StringComparison.Ordinal);
        Assert.Contains("database system is ready to accept connections", console, StringComparison.Ordinal);
        Assert.Contains("Ready to accept connections", console, StringComparison.Ordinal);
        Assert.Contains("token-secrets-key", manifest, StringComparison.Ordinal);
        Assert.Equal(17, secrets.Count);
        foreach (var (what, secret) in secrets)
        {
            Assert.True(secret.Length >= 16, $"{what} is too short to search for.");
            foreach (var (where, all) in new[] { ("a command line", commandLines), ("a console", console), ("telemetry", collector.Text), ("the manifest", manifest) })
                Assert.False(all.Contains(secret, StringComparison.Ordinal), $"{what} is in {where}.");
        }
    }

    // With its own password: clients of other tests share one, and some of them have it on a command line.
    private static async Task<Member> RegisterAsync(Uri api)
    {
        using var client = new ChatClient(api);
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form["password"] = $"password-{Guid.NewGuid():N}";
        var answer = await client.PostAsync("/api/register", form, Cancelled);
        Assert.Equal(200, answer.Status);
        return new Member(api, new ChatUser(form["username"], form["password"], ChatToken.From(answer.Item.GetProperty("token"))));
    }

    private static async Task TalkAsync(Member bob, Member alice)
    {
        await using var bobs = await bob.ConnectAsync(Cancelled);
        await using var alices = await alice.ConnectElsewhereAsync([bobs.Server], Cancelled);
        await bobs.SendAsync(alice.User, Text, Cancelled);
        Assert.Equal(Text, (await alices.ReceiveAsync(Cancelled)).Text("message"));
        Assert.Equal(Text, Assert.Single(await alice.ThreadAsync(bob.Username, Cancelled)).Text("message"));
        await bob.LogInAgainAsync(Cancelled);
    }

    private static async Task<Dictionary<string, string>> SecretsAsync(RunningTopology topology, params Member[] members)
    {
        var secrets = new Dictionary<string, string> { ["the text"] = Text };
        var model = topology.App.Services.GetRequiredService<DistributedApplicationModel>();
        foreach (var parameter in model.Resources.OfType<ParameterResource>().Where(parameter => parameter.Secret))
            secrets.Add(parameter.Name, (await parameter.GetValueAsync(Cancelled))!);
        foreach (var store in (string[])["chatdb", "redis"])
        {
            var connection = (await topology.App.GetConnectionStringAsync(store, Cancelled))!;
            secrets.Add($"the owner's connection to {store}", connection);
            secrets.Add($"the owner's password of {store}", Password().Match(connection).Groups[1].Value);
        }

        var replica = topology.ProcessOf(await topology.InstanceOfAsync("api", Cancelled));
        foreach (var variable in ProcessTable.Environment(replica).Where(one => one.StartsWith("ConnectionStrings__", StringComparison.Ordinal)))
            secrets.Add($"the services' {variable.Split('=')[0]}", variable.Split('=', 2)[1]);
        foreach (var (user, token) in members.Select(member => (member.User, member.User.Token)))
        {
            secrets.Add($"the secret of {user.Username}'s token", token.SecretAccessKey);
            secrets.Add($"the refresh token of {user.Username}", token.RefreshToken);
            secrets.Add($"the password of {user.Username}", user.Password);
        }

        return secrets;
    }

    private static async Task<string> ConsoleAsync(RunningTopology topology)
    {
        var logs = topology.App.Services.GetRequiredService<ResourceLoggerService>();
        var console = new StringBuilder();
        foreach (var resource in topology.App.Services.GetRequiredService<DistributedApplicationModel>().Resources)
        {
            await foreach (var batch in logs.GetAllAsync(resource).WithCancellation(Cancelled))
            {
                foreach (var line in batch)
                    console.AppendLine(line.Content);
            }
        }

        return console.ToString();
    }

    // Host=127.0.0.1;Port=5432;Username=postgres;Password=…;Database=chatdb and 127.0.0.1:6379,password=…
    [GeneratedRegex("[Pp]assword=([^;,]+)")]
    private static partial Regex Password();
}
