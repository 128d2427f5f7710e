using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;
using StackExchange.Redis;

namespace Chatable.Tests.Topology;

/// <summary>Commands on a running topology, from the dashboard and from <c>aspire resource</c>.</summary>
public sealed partial class CommandTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DemoUsersAreRegisteredAndTheirCommandsWorkAsPrinted()
    {
        var topology = await fixture.StartedAsync();

        var result = await ExecuteAsync(topology, await topology.InstanceOfAsync("api", Cancelled), "demo-users");

        Assert.True(result.Success, result.Message);
        var text = result.Data!.Value;
        var answers = new List<string>();
        foreach (Match command in CurlLine().Matches(text))
            answers.Add(await ShellAsync($"{command.Value} --fail"));
        Assert.Contains("\"seq\":1", answers[0], StringComparison.Ordinal);
        Assert.Contains("\"latest_message\":\"hello\"", answers[1], StringComparison.Ordinal);
        Assert.Contains("-c ws://localhost:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADisconnectedUserLosesTheSocketsOnEveryReplicaAndNobodyElseDoes()
    {
        var topology = await fixture.StartedAsync();
        var (bob, alice) = (await Member.RegisterAsync(topology.Api, Cancelled), await Member.RegisterAsync(topology.Api, Cancelled));
        await using var phone = await bob.ConnectAsync(Cancelled);
        await using var laptop = await bob.ConnectElsewhereAsync([phone.Server], Cancelled);
        await using var other = await alice.ConnectAsync(Cancelled);

        // The name is not case-sensitive, and any replica can run the command.
        var result = await ExecuteAsync(
            topology, await topology.InstanceOfAsync("api", Cancelled), "disconnect-user", ("username", bob.Username.ToUpperInvariant()));

        Assert.True(result.Success, result.Message);
        Assert.Equal(1012, await phone.WaitForCloseAsync(Cancelled));
        Assert.Equal(1012, await laptop.WaitForCloseAsync(Cancelled));
        await using var again = await bob.ConnectAsync(Cancelled);
        await again.SendAsync(alice.User, "back again", Cancelled);
        Assert.Equal("back again", (await other.ReceiveAsync(Cancelled)).Text("message"));
        Assert.Equal(WebSocketState.Open, other.Socket.State);
    }

    [Fact]
    public async Task WithoutAUsernameNobodyIsDisconnected()
    {
        var topology = await fixture.StartedAsync();

        var result = await ExecuteAsync(topology, await topology.InstanceOfAsync("api", Cancelled), "disconnect-user", ("username", " "));

        Assert.False(result.Success);
    }

    [Fact]
    public async Task ADrainedReplicaLetsItsClientsGoAndEndsAndCanBeStartedAgain()
    {
        await using var topology = await RunningTopology.StartAsync("--Api:Replicas=2");
        var (bob, alice) = (await Member.RegisterAsync(topology.Api, Cancelled), await Member.RegisterAsync(topology.Api, Cancelled));
        await using var bobs = await bob.ConnectAsync(Cancelled);
        await using var alices = await alice.ConnectElsewhereAsync([bobs.Server], Cancelled);
        var drained = RunningTopology.InstanceOf("api", bobs.Server);

        var result = await ExecuteAsync(topology, drained, "drain");

        Assert.True(result.Success, result.Message);
        Assert.Equal(1012, await bobs.WaitForCloseAsync(Cancelled));
        Assert.Equal(KnownResourceStates.Finished, topology.StateOf(drained));
        // The other replica goes on serving, including the drained user.
        await using var again = await bob.ConnectAsync(Cancelled);
        Assert.Equal(alices.Server, again.Server);
        await again.SendAsync(alice.User, "moved", Cancelled);
        Assert.Equal("moved", (await alices.ReceiveAsync(Cancelled)).Text("message"));

        Assert.True((await ExecuteAsync(topology, drained, KnownResourceCommands.StartCommand)).Success);
        await using var back = await bob.ConnectElsewhereAsync([alices.Server], Cancelled);
        Assert.NotEqual(bobs.Server, back.Server);
    }

    [Fact]
    public async Task DeadLettersAreListedShownAndDiscarded()
    {
        await using var topology = await RunningTopology.StartAsync("--Api:Replicas=1");
        var worker = await topology.InstanceOfAsync("fanout", Cancelled);
        Assert.Equal("No dead letters.", await DeadLettersAsync(topology, worker, "list"));

        await PutUndecodableAsync(topology, partition: 3);
        await Eventually.HoldsAsync(
            async () => (await DeadLettersAsync(topology, worker, "list")).EndsWith("1 dead letter.", StringComparison.Ordinal),
            "it is a dead letter", Cancelled);
        var id = DeadLetterId().Match(await DeadLettersAsync(topology, worker, "list")).Value;

        Assert.Contains("undecodable", await DeadLettersAsync(topology, worker, "show", id), StringComparison.Ordinal);
        var replay = await ExecuteAsync(topology, worker, "dead-letters", ("action", "replay --all"));
        Assert.False(replay.Success);
        Assert.Contains("left where it is", replay.Message, StringComparison.Ordinal);
        Assert.EndsWith("discarded", await DeadLettersAsync(topology, worker, "discard", id), StringComparison.Ordinal);
        Assert.Equal("No dead letters.", await DeadLettersAsync(topology, worker, "list"));
    }

    [Fact]
    public async Task AnActionOnOneDeadLetterNeedsItsPlace()
    {
        var topology = await fixture.StartedAsync();

        var result = await ExecuteAsync(topology, await topology.InstanceOfAsync("fanout", Cancelled), "dead-letters", ("action", "discard"));

        Assert.False(result.Success);
        Assert.Contains("discard needs a partition and an id", result.Message, StringComparison.Ordinal);
    }

    private static async Task<string> DeadLettersAsync(RunningTopology topology, string worker, string action, string? id = null)
    {
        (string, string)[] place = id is null ? [] : [("partition", "3"), ("id", id)];
        var result = await ExecuteAsync(topology, worker, "dead-letters", [("action", action), .. place]);
        Assert.True(result.Success, result.Message);
        return result.Data!.Value;
    }

    private static async Task PutUndecodableAsync(RunningTopology topology, int partition)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync((await topology.App.GetConnectionStringAsync("redis", Cancelled))!);
        await redis.GetDatabase().StreamAddAsync($"in:{{{partition}}}", "m", new byte[] { 1, 2, 3 });
    }

    private static Task<ExecuteCommandResult> ExecuteAsync(
        RunningTopology topology, string instance, string command, params (string Name, string Value)[] arguments) =>
        topology.App.ResourceCommands.ExecuteCommandAsync(
            instance, command,
            new InteractionInputCollection(
                [.. arguments.Select(argument => new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value })]),
            Cancelled);

    private static async Task<string> ShellAsync(string command) =>
        (await ProcessRun.OfAsync("/bin/sh", ["-c", command], Cancelled)).Succeeded("the shell").Output;

    [GeneratedRegex("^ *curl .*$", RegexOptions.Multiline)]
    private static partial Regex CurlLine();

    [GeneratedRegex(@"\d+-\d+")]
    private static partial Regex DeadLetterId();
}
