using System.Net;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.References;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Bench;

/// <summary>The load generator end to end, against the simplest reference server, which runs in this process.</summary>
public sealed class RelayRunTests : IAsyncLifetime
{
    private readonly WebApplication _relay = RelayServer.Create(port: 0);

    public async ValueTask InitializeAsync() => await _relay.StartAsync(TestContext.Current.CancellationToken);

    [Fact]
    public Task WhatWasSentInAWindowArrives() => AssertArrivesAsync(_ => new ClosedLoop(4));

    [Fact]
    public Task WhatWasSentAtARateArrives() => AssertArrivesAsync(share => new OpenLoop(500 * share));

    [Fact]
    public Task WhatWasSentInPacksArrives() => AssertArrivesAsync(share => new OpenLoop(2000 * share, pack: 8));

    // More messages are due than the window allows, so some wait.
    [Fact]
    public Task WhatWasDueBeyondAWindowArrivesLater() => AssertArrivesAsync(share => new OpenLoop(20_000 * share, window: 2));

    private async Task AssertArrivesAsync(Func<double, Pace> pace)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var subject = new RelayHere(_relay);
        var plan = new TrafficPlan
        {
            Name = "test",
            Pairs = 5,
            Loops = 2,
            WarmUp = TimeSpan.FromMilliseconds(50),
            Measured = TimeSpan.FromMilliseconds(200),
            Pace = pace,
        };

        var result = await new TrafficRun(subject, plan, new Progress(TextWriter.Null, isTerminal: false)).RunAsync(1, cancellationToken);

        Assert.Null(result.Trouble);
        Assert.True(result.Counts.Sent > 0);
        Assert.Equal(result.Counts.Sent, result.Counts.Delivered);
        Assert.True(result.Counts.AreRight);
        Assert.True(result.Delivery.Max >= result.Delivery.P50 && result.Delivery.P50 > 0);
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private sealed class RelayHere(WebApplication relay) : Subject
    {
        private readonly Uri _address = new(
            relay.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

        public override string Name => "relay here";

        public override int Replicas => 1;

        public override IReadOnlyList<ServerProcess> Processes => [];

        public override string SocketProcess => "";

        public override Protocol Protocol { get; } = new BareRelay();

        public override Seat Seat(int user, int replica) =>
            new($"u{user}", new IPEndPoint(IPAddress.Loopback, _address.Port), $"/ws?user=u{user}");

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
