using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// Many devices that only listen, in addition to the workload's own. Each resumes after a lost connection, after a random delay that a
/// client could use. They receive no messages, so no history is kept.
/// </summary>
internal sealed class Crowd : IAsyncDisposable
{
    // The limit of a user's sockets on one server, so that any distribution works.
    private const int DevicesPerUser = 8;

    private const int RegisteringAtOnce = 16;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Uri> _server;
    private Member[] _members = [];
    private long _round;

    private Crowd(Func<Uri> server) => _server = server;

    /// <summary>Registers and connects them; ends when all have resumed.</summary>
    public static async Task<Crowd> GatherAsync(int size, Func<Uri> server, CancellationToken cancellationToken)
    {
        var crowd = new Crowd(server);
        try
        {
            var users = new ChatUser[(size + DevicesPerUser - 1) / DevicesPerUser];
            using var client = new ChatClient(server());
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = RegisteringAtOnce, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, users.Length, parallel, async (i, token) => users[i] = await client.RegisterAsync(token));
            crowd._members = [.. Enumerable.Range(0, size).Select(i => new Member(users[i / DevicesPerUser]))];
            foreach (var member in crowd._members)
                member.Running = Task.Run(() => crowd.StayAsync(member), CancellationToken.None);
            await crowd.WaitUntilBackAsync(1, Timeout.InfiniteTimeSpan, cancellationToken);
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on, only devices that resume again count as back.</summary>
    public void BeginRound() => Interlocked.Increment(ref _round);

    /// <summary>Waits until this fraction of them is back, up to the limit; returns how many are still missing.</summary>
    public async Task<int> WaitUntilBackAsync(double part, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = Environment.TickCount64;
        while (true)
        {
            var missing = (int)Math.Ceiling(_members.Length * part) - _members.Count(member => member.BackIn == Volatile.Read(ref _round));
            if (missing <= 0)
                return 0;
            if (limit != Timeout.InfiniteTimeSpan && Environment.TickCount64 - began > limit.TotalMilliseconds)
                return missing;
            await Task.Delay(s_look, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_members.Select(member => member.Running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task StayAsync(Member member)
    {
        for (var failures = 0; ; failures++)
        {
            if (await ListenOnceAsync(member))
                failures = 0;
            await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble() * Math.Min(30, 0.5 * Math.Pow(2, failures))), _stop.Token);
        }
    }

    // Returns whether it had resumed before the connection ended.
    private async Task<bool> ListenOnceAsync(Member member)
    {
        using var socket = new FrameSocket(bufferBytes: 4096);
        var resumed = false;
        try
        {
            await socket.ConnectAsync(_server(), member.User.Token, _stop.Token, pings: false);
            var round = Volatile.Read(ref _round);
            await socket.SendAsync(Frame.Hello(member.Cursor, member.Epoch, "crowd"), _stop.Token);
            while (await socket.ReceiveAsync(_stop.Token) is { } frame)
            {
                member.Epoch = frame.Epoch ?? member.Epoch;
                if (frame.Type == "caught_up")
                    (member.Cursor, member.BackIn, resumed) = (frame.Seq!.Value, round, true);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException
            || (exception is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            // It reconnects.
        }

        return resumed;
    }

    private sealed class Member(ChatUser user)
    {
        private long _backIn = -1;

        public ChatUser User => user;

        public long Cursor { get; set; }

        public string? Epoch { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        /// <summary>The round in which it last resumed.</summary>
        public long BackIn
        {
            get => Volatile.Read(ref _backIn);
            set => Volatile.Write(ref _backIn, value);
        }
    }
}
