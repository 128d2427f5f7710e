using System.Diagnostics;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Faults.Workload;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>Logs that are set back under open sockets: the last acked messages are gone, and other messages get their positions.</summary>
internal static class SetBackFaults
{
    // Long enough that the link and its buffers cannot hold what is written.
    private const double Lag = 3;

    // Each replica compares its connections with PostgreSQL within this time.
    private static readonly TimeSpan s_noticed = TimeSpan.FromSeconds(11);

    private static readonly TimeSpan s_told = TimeSpan.FromSeconds(15);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("F40", "an asynchronous standby that lags is promoted",
            "the link to the standby swallows everything for 3 s, the primary is killed, and the standby promoted, under load and open sockets",
            "who was beyond its end starts over, others go on in the new epoch; nothing is lost but what only the primary had",
            FailOverAsync)
        {
            Holds = Parts.Postgres | Parts.Devices,
            Cluster = new ClusterSettings { HasAsynchronousStandby = true },
            AtLeast = TimeSpan.FromSeconds(25),
        },
        new("F41", "a backup is restored",
            "pg_basebackup; 3 s later the primary is killed and started on those files, under load and open sockets; then new-epoch",
            "a worker says that the log is behind; after new-epoch everybody starts over, and nothing newer than the backup is lost "
            + "but what came before the restore",
            RestoreAsync)
        {
            Holds = Parts.Postgres | Parts.Devices,
            AtLeast = TimeSpan.FromSeconds(30),
            Mixes = false,
        },
    ];

    private static async Task FailOverAsync(FaultContext context, CancellationToken window)
    {
        var postgres = context.Cluster.Postgres;
        if (postgres.Standby is null)
            return;
        await using var quiet = await QuietDevice.ConnectAsync(context, window);
        context.Traffic.EndRepeats();
        await postgres.WaitForStandbyAsync(window);
        postgres.ToStandby.Down = new Toxics { BlackHole = true };
        await context.PauseAsync(Lag, window);

        // Once begun, it must be completed.
        Lose(context);
        await postgres.FailOverAsync(CancellationToken.None);
        context.Expect(
            await quiet.IsToldToGoOnAsync(s_noticed, window), "a device with nothing beyond the standby's end was not told its epoch");
    }

    private static async Task RestoreAsync(FaultContext context, CancellationToken window)
    {
        var (cluster, postgres) = (context.Cluster, context.Cluster.Postgres);
        context.Traffic.EndRepeats();
        await postgres.BackUpAsync(window);
        await context.PauseAsync(Lag, window);
        Lose(context);
        await postgres.RestoreAsync(CancellationToken.None);

        var worker = context.Pick(cluster.Workers).Node;
        await worker.EndAsync(Signals.Terminate, CancellationToken.None);
        await worker.RestartAsync(CancellationToken.None);
        await WaitAsync(IsNoticed, s_told, window);
        context.Expect(IsNoticed(), "no worker reported that PostgreSQL was set back");

        IDevice[] devices = [.. context.Traffic.AllDevices];
        var before = devices.Select(device => device.Resets).ToArray();
        context.Expect(await RenewAsync(postgres, CancellationToken.None) == 0, "new-epoch failed");
        await WaitAsync(() => devices.Zip(before).All(one => one.First.Resets > one.Second), s_told, window);
        foreach (var (device, resets) in devices.Zip(before))
            context.Expect(device.Resets > resets, $"{device.Proc} was not told to start over after new-epoch");

        bool IsNoticed() =>
            cluster.Workers.Any(worker => worker.Node.Output.Contains("is behind what Redis knows", StringComparison.Ordinal));
    }

    private static void Lose(FaultContext context) =>
        context.Traffic.History.Add(t => new HistoryEvent(t, "nemesis", "", Known.Ok, Op.Lose));

    // As an operator does.
    private static async Task<int> RenewAsync(FaultPostgres postgres, CancellationToken cancellationToken)
    {
        var folder = AppContext.BaseDirectory.Replace("Chatable.Tests", "Chatable.FanoutWorker", StringComparison.Ordinal);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "Chatable.FanoutWorker.dll"), "new-epoch"]);
        start.Environment["ConnectionStrings__chatdb"] = postgres.ConnectionString;
        return (await ProcessRun.OfAsync(start, cancellationToken)).ExitCode;
    }

    private static async Task WaitAsync(Func<bool> condition, TimeSpan limit, CancellationToken window)
    {
        for (var until = Environment.TickCount64 + limit.TotalMilliseconds; Environment.TickCount64 < until && !condition();)
            await Task.Delay(50, window);
    }

    /// <summary>A device with one note to itself, whose user receives no other messages.</summary>
    private sealed class QuietDevice : IAsyncDisposable
    {
        private readonly FrameSocket _socket = new();

        public static async Task<QuietDevice> ConnectAsync(FaultContext context, CancellationToken window)
        {
            var server = context.Traffic.AnyServer();
            using var client = new ChatClient(server);
            var user = await client.RegisterAsync(window);
            var device = new QuietDevice();
            await device._socket.ConnectAsync(server, user.Token, window);
            await device._socket.SendAsync(Frame.Hello(0, null, "quiet"), window);
            await device._socket.SendAsync(Frame.Send(new Draft("note", user.Username, "to myself", "")), window);
            while (await device._socket.ReceiveAsync(window) is { Type: not "ack" })
            {
            }

            return device;
        }

        public async Task<bool> IsToldToGoOnAsync(TimeSpan limit, CancellationToken window)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(window);
            timeout.CancelAfter(limit);
            try
            {
                while (await _socket.ReceiveAsync(timeout.Token) is { } frame)
                {
                    if (frame.Type == "epoch")
                        return true;
                }

                return false;
            }
            catch (OperationCanceledException) when (!window.IsCancellationRequested)
            {
                return false;
            }
        }

        public ValueTask DisposeAsync()
        {
            _socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
