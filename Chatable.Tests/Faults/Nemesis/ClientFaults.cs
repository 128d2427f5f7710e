using System.Net.WebSockets;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Faults.Runs;
using Chatable.Tests.Faults.Workload;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Clients that vanish, do not read, lose their token or have a cursor of another log.</summary>
internal static class ClientFaults
{
    // A ping every 20 s, 20 s to answer, and time for a sweep.
    private static readonly TimeSpan s_noticed = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan s_told = TimeSpan.FromSeconds(5);

    // Far more than a socket's buffers and its send queue hold.
    private const int Unread = 5000;
    private static readonly string s_filling = new('y', 1500);

    // Tens of megabytes in batches that each have something for the slow client: holding its messages would keep all batches in memory.
    private const int Large = 3000;
    private const int LargeForOne = 20;
    private static readonly string s_large = new('z', 7900);

    // Less than the server's hello timeout.
    private static readonly TimeSpan s_greeting = TimeSpan.FromSeconds(7);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F25", "clients vanish without a word", "both directions of their links swallow everything, FIN too",
            "let go within 45 s; others unaffected",
            VanishAsync)
        {
            Holds = Parts.Devices,
            AtLeast = s_noticed + TimeSpan.FromSeconds(3),
        },
        new("F26", "a client does not read",
            "one says nothing among large batches, each of which has something for it; another's link is paused while 5,000 messages are "
            + "written to it",
            "1013, memory bounded; a resume brings all",
            StopReadingAsync)
        {
            Holds = Parts.Devices,
            AtLeast = TimeSpan.FromSeconds(45),
        },
        new("F34", "clients know another past", "since beyond the head; an epoch that is none; the epoch changes under everybody",
            "reset, and nothing silently missing",
            ContradictAsync)
        {
            Holds = Parts.Devices | Parts.Postgres,
            AtLeast = TimeSpan.FromSeconds(8),
        },
    ];

    private static async Task VanishAsync(FaultContext context, CancellationToken window)
    {
        var api = context.Pick(context.Cluster.Apis);
        await using var link = FaultProxy.Start(api.DirectAddress);
        var server = new Uri($"http://{link.Address}");
        await using (var device = context.Traffic.CreateDevice(context.Pick(context.Traffic.Users), "vanishing", () => server))
        {
            device.Start();
            await WaitAsync(() => device.Connection is not null, window);
            (link.Up, link.Down) = (new Toxics { BlackHole = true }, new Toxics { BlackHole = true });
        }

        // It does not reconnect. Its close does not get through, so the server can only notice by its pings.
        var ended = Environment.TickCount64 + s_noticed.TotalMilliseconds;
        while (Environment.TickCount64 < ended && link.ServerSides > 0)
            await Task.Delay(200, window);
        context.Expect(link.ServerSides == 0, $"{api.Node.Name} still holds a client that vanished {s_noticed.TotalSeconds} s ago");
    }

    private static async Task StopReadingAsync(FaultContext context, CancellationToken window)
    {
        var api = context.Pick(context.Cluster.Apis);
        // With another fault, a server's heap size means nothing.
        if (context.IsAlone)
            await GreetLateAsync(context, api, window);
        await using var link = FaultProxy.Start(api.DirectAddress);
        var server = new Uri($"http://{link.Address}");
        var reader = context.Pick(context.Traffic.Users);
        await using var device = context.Traffic.CreateDevice(reader, "slow", () => server);
        device.Start();
        await WaitAsync(() => device.Connection is not null, window);
        link.Down = new Toxics { Paused = true };
        var writers = context.Traffic.Devices;
        for (var i = 0; i < Unread; i++)
            writers[i % writers.Count].Write(reader.Username, $"{context.Random.NextInt64():x16} {s_filling}");

        await context.PauseAsync(18, window);
        link.Heal();
        await Task.Delay(Timeout.Infinite, window);
    }

    private static async Task GreetLateAsync(FaultContext context, Service api, CancellationToken window)
    {
        var server = new Uri($"http://{api.DirectAddress}");
        var late = context.Pick(context.Traffic.Users);
        ChatUser[] others = [.. context.Traffic.Users.Where(user => user != late)];
        // So that this server receives everything written to them.
        await using var beside = new DeviceGroup(others.Select(user => context.Traffic.CreateDevice(user, "beside", () => server)));
        await WaitAsync(() => beside.AreConnected, window);
        var before = await Usage.OfAsync(api.Node, window);

        using var socket = new FrameSocket();
        await socket.ConnectAsync(server, late.Token, window);
        var until = Environment.TickCount64 + s_greeting.TotalMilliseconds;
        var writers = context.Traffic.Devices;
        for (var i = 0; i < Large; i++)
        {
            var to = i % LargeForOne == 0 ? late : context.Pick(others);
            context.Pick(writers).Write(to.Username, $"{context.Random.NextInt64():x16} {s_large}");
        }

        await WaitAsync(() => writers.All(device => device.Unacked == 0) || Environment.TickCount64 > until, window);
        if (await Usage.OfAsync(api.Node, window) is { } now && now.ProcessId == before?.ProcessId)
        {
            var limit = Bounds.HeapLimit(before);
            context.Expect(
                now.Heap <= limit, $"{api.Node.Name}: {now.Heap} bytes of heap with a client that is slow to say hello, at most {limit:0}");
        }

        await WaitAsync(() => writers.All(device => device.Unacked == 0), window);
    }

    private static async Task ContradictAsync(FaultContext context, CancellationToken window)
    {
        var restored = false;
        while (true)
        {
            var user = context.Pick(context.Traffic.Users);
            await ExpectResetAsync(context, user, since: 1_000_000_000, epoch: null, window);
            await ExpectResetAsync(context, user, since: 1, epoch: Guid.NewGuid().ToString(), window);
            await context.PauseAsync(1, window);
            if (!restored)
                await ChangeEpochAsync(context, window);
            restored = true;
        }
    }

    // As after a restored backup: a client that returns with the old epoch must start over.
    private static async Task ChangeEpochAsync(FaultContext context, CancellationToken window)
    {
        await context.Cluster.Postgres.ExecuteAsync("UPDATE log_epoch SET epoch = gen_random_uuid()", window);
        IDevice[] devices = [.. context.Traffic.AllDevices];
        var before = devices.Select(device => device.Resets).ToArray();
        foreach (var device in devices)
            device.Drop();
        var told = Environment.TickCount64 + s_told.TotalMilliseconds;
        while (Environment.TickCount64 < told && devices.Zip(before).Any(one => one.First.Resets == one.Second))
            await Task.Delay(50, window);
        foreach (var (device, resets) in devices.Zip(before))
            context.Expect(device.Resets > resets,
                $"{device.Proc} came back with an epoch that has ended and was not told to start over");
    }

    private static async Task ExpectResetAsync(FaultContext context, ChatUser user, long since, string? epoch, CancellationToken window)
    {
        using var socket = new FrameSocket();
        try
        {
            await socket.ConnectAsync(context.Traffic.AnyServer(), user.Token, window);
            await socket.SendAsync(Frame.Hello(since, epoch, "restored"), window);
            await socket.ReceiveAsync(window);
            var answer = await socket.ReceiveAsync(window);
            var next = answer is null ? null : await socket.ReceiveAsync(window);
            // A server that closes the connection has not answered.
            if (next is null)
                return;
            context.Expect(answer!.Type == "reset", $"a hello with since {since} and epoch {epoch ?? "none"} was not answered by a reset");
            context.Expect(
                next.Type == "caught_up" && next.Seq == answer.Head, "a reset was not followed by caught_up with its head");
        }
        catch (WebSocketException)
        {
            // The next attempt may succeed.
        }
    }

    private static async Task WaitAsync(Func<bool> condition, CancellationToken window)
    {
        while (!condition())
            await Task.Delay(20, window);
    }
}
