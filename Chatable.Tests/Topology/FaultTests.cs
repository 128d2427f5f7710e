using System.Diagnostics;
using Chatable.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.Tests.Topology;

/// <summary>Processes exit during a conversation. Each test has its own topology.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly string[] s_small = ["--Api:Replicas=2"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsSentWhileNoWorkerRunsIsStoredAndDeliveredOnceOneDoes()
    {
        await using var topology = await RunningTopology.StartAsync(s_small);
        var (bob, alice) = (await Member.RegisterAsync(topology.Api, Cancelled), await Member.RegisterAsync(topology.Api, Cancelled));
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        await using var aliceSocket = await alice.ConnectAsync(Cancelled);

        var worker = await topology.InstanceOfAsync("fanout", Cancelled);
        await topology.EndAsync(worker, Cancelled);
        var ended = TimeProvider.System.GetTimestamp();
        string[] texts = ["one", "two", "three"];
        foreach (var text in texts)
            await bobSocket.SendAsync(alice.User, text, Cancelled);
        Assert.Empty(await alice.ThreadAsync(bob.Username, Cancelled));
        var degraded = await HasHealthAsync(topology, HealthStatus.Degraded);
        TestContext.Current.TestOutputHelper!.WriteLine($"shown as degraded after {TimeProvider.System.GetElapsedTime(ended)}");
        Assert.Contains(degraded.Snapshot.HealthReports, report => report.Description?.Contains("worker", StringComparison.Ordinal) ?? false);
        Assert.True((await topology.App.ResourceCommands.ExecuteCommandAsync(worker, KnownResourceCommands.StartCommand, Cancelled)).Success);

        foreach (var text in texts)
            Assert.Equal(text, (await aliceSocket.ReceiveAsync(Cancelled)).Text("message"));
        Assert.Equal(3, (await alice.ThreadAsync(bob.Username, Cancelled)).Count);
        await HasHealthAsync(topology, HealthStatus.Healthy);
    }

    // The API's health, as the dashboard shows it.
    private static Task<ResourceEvent> HasHealthAsync(RunningTopology topology, HealthStatus health) =>
        topology.App.ResourceNotifications.WaitForResourceAsync("api", change => change.Snapshot.HealthStatus == health, Cancelled)
            .WaitAsync(s_patience, Cancelled);

    [Fact]
    public async Task AKilledReplicaTakesNothingWithItButItsSockets()
    {
        await using var topology = await RunningTopology.StartAsync(s_small);
        var (bob, alice) = (await Member.RegisterAsync(topology.Api, Cancelled), await Member.RegisterAsync(topology.Api, Cancelled));
        await using var bobSocket = await bob.ConnectAsync(Cancelled);
        var aliceSocket = await alice.ConnectElsewhereAsync([bobSocket.Server], Cancelled);
        await bobSocket.SendAsync(alice.User, "before", Cancelled);
        Assert.Equal("before", (await aliceSocket.ReceiveAsync(Cancelled)).Text("message"));

        using (var replica = Process.GetProcessById(topology.ProcessOf(RunningTopology.InstanceOf("api", aliceSocket.Server))))
        {
            replica.Kill();
            await replica.WaitForExitAsync(Cancelled);
        }

        await aliceSocket.DisposeAsync();
        await using var again = await alice.ConnectAsync(Cancelled);
        await bobSocket.SendAsync(alice.User, "after", Cancelled);

        Assert.Equal(bobSocket.Server, again.Server);
        Assert.Equal("after", (await again.ReceiveAsync(Cancelled)).Text("message"));
        Assert.Equal(
            ["after", "before"],
            (await alice.ThreadAsync(bob.Username, Cancelled)).Select(row => row.Text("message")));
    }
}
