using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Tests.Delivery;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>
/// How often a connection receives. A receive that takes nothing off the wire returns at once: repeated, it keeps a core busy.
/// </summary>
public sealed class ReceiveTests
{
    private const int Enough = 20;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider _clock = new();
    private readonly RealtimeOptions _options = new();

    public static TheoryData<string, byte[], int> Refused => new()
    {
        { "binary, of which nothing more comes", RawSocket.Frame(RawSocket.Final | RawSocket.Binary, [], 1), 1003 },
        { "binary, of which half comes", RawSocket.Frame(RawSocket.Final | RawSocket.Binary, [7], 2), 1003 },
        { "binary, whole", RawSocket.Frame(RawSocket.Final | RawSocket.Binary, new byte[100]), 1003 },
        { "binary, empty", RawSocket.Frame(RawSocket.Final | RawSocket.Binary, []), 1003 },
        { "binary, in fragments",
            [.. RawSocket.Frame(RawSocket.Binary, [1]), .. RawSocket.Frame(RawSocket.Final | RawSocket.Continuation, [], 1)], 1003 },
        { "binary, twice",
            [.. RawSocket.Frame(RawSocket.Final | RawSocket.Binary, [1]), .. RawSocket.Frame(RawSocket.Final | RawSocket.Binary, [], 1)],
            1003 },
        { "text over the limit", RawSocket.Frame(RawSocket.Final | RawSocket.Text, new byte[17_000], 100_000), 1009 },
        { "text over the limit, whole", RawSocket.Frame(RawSocket.Final | RawSocket.Text, new byte[17_000]), 1009 },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task WhatIsLeftOfARefusedFrameIsReadOnceAndWaitedForOnce(string what, byte[] bytes, int code)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, _ct);
        using var accepted = await listener.AcceptTcpClientAsync(_ct);
        using var socket = new CountingSocket(
            WebSocket.CreateFromStream(accepted.GetStream(), new WebSocketCreationOptions { IsServer = true }));
        var connection = Connect();
        var running = Task.Run(() => connection.RunAsync(socket), _ct);
        await client.GetStream().WriteAsync(bytes, _ct);

        var close = new byte[4];
        await client.GetStream().ReadExactlyAsync(close, _ct);
        Assert.Equal((what, code), (what, BinaryPrimitives.ReadUInt16BigEndian(close.AsSpan(2))));
        await Eventually.HoldsAsync(() => Task.FromResult(socket.IsWaiting && accepted.Available == 0), "all was read", _ct);
        Assert.InRange(socket.Receives, 1, Enough);

        // The client neither sends the rest nor answers.
        _clock.Advance(_options.Times.Close + TimeSpan.FromSeconds(1));
        connection.Sweep();
        await running;
        Assert.InRange(socket.Receives, 1, Enough);
    }

    private Connection Connect()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var metrics = new RealtimeMetrics(meters);
        var writer = new SocketWriter(_options, _clock, metrics);
        var log = new LogCursor(
            user: 42, writer, (in _) => { }, (_, _) => { }, (_, _, _, _, _) => throw new TimeoutException(), new DeliveryOptions(), _clock,
            new DeliveryMetrics(meters));
        return new Connection(
            1, new AuthenticatedUser(42, "bob", 1, "KEY", DateTimeOffset.MaxValue), writer, log, new IdleSession(),
            new Pulse(_options, _clock, metrics), _options, _clock, metrics, NullLogger<Connection>.Instance);
    }
}
