using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>All clients of a run, on their loops.</summary>
internal sealed class Crew : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly List<LaneTraffic> _traffic = [];

    public IReadOnlyList<LaneTraffic> Traffic => _traffic;

    /// <summary>Users 2n and 2n+1 are a pair, on two replicas wherever there are two.</summary>
    public static async Task<Crew> ConnectAsync(Subject subject, TrafficPlan plan, CancellationToken cancellationToken)
    {
        await subject.PrepareAsync(2 * plan.Pairs, cancellationToken);
        var crew = new Crew();
        try
        {
            var protocol = plan.Protocol ?? subject.Protocol;
            for (var i = 0; i < plan.Loops; i++)
                crew._traffic.Add(new LaneTraffic(new EventLoop(), protocol.Acknowledges));
            var run = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            for (var pair = 0; pair < plan.Pairs; pair++)
                crew._traffic[pair % plan.Loops].Add(Lane(subject, protocol, plan, pair, run, crew._traffic[pair % plan.Loops]));
            foreach (var traffic in crew._traffic)
                traffic.Loop.Post(traffic.Connect);
            await crew.WaitAsync(() => crew._traffic.Sum(traffic => traffic.Ready) == 2 * plan.Pairs, "connect", cancellationToken);
            return crew;
        }
        catch
        {
            crew.Dispose();
            throw;
        }
    }

    /// <summary>An answer from each loop, given on its thread.</summary>
    public Task<T[]> AskAsync<T>(Func<LaneTraffic, T> question) =>
        Task.WhenAll(_traffic.Select(traffic => traffic.Loop.AskAsync(() => question(traffic))));

    /// <summary>Looks every few milliseconds.</summary>
    /// <exception cref="TimeoutException">It never came true.</exception>
    public async Task WaitAsync(Func<bool> condition, string what, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        while (!condition())
        {
            if (_traffic.Select(traffic => traffic.Loop.Failure).FirstOrDefault(failure => failure is not null) is { } failure)
                throw new InvalidOperationException("The load generator broke.", failure);
            if (patience.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var trouble = _traffic.Select(traffic => traffic.Trouble).FirstOrDefault(trouble => trouble is not null);
                throw new TimeoutException($"The clients could not {what} in {s_patience.TotalSeconds} s. {trouble}");
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        foreach (var traffic in _traffic)
            traffic.Loop.Dispose();
    }

    private static Lane Lane(Subject subject, Protocol protocol, TrafficPlan plan, int pair, long run, LaneTraffic traffic)
    {
        var author = subject.Seat(2 * pair, pair % subject.Replicas);
        var recipient = subject.Seat((2 * pair) + 1, (pair + 1) % subject.Replicas);
        // A UUID of version 7: its time is that of the run, its end the message's index.
        var clientId = $"{run >> 16:x8}-{run & 0xFFFF:x4}-7{pair & 0xFFF:x3}-8000-{Marker.Hole}";
        return new Lane(pair, protocol.Template(author.User, recipient.User, Marker.TextOf(pair, plan.TextBytes), clientId))
        {
            Author = new Client(author, protocol, traffic),
            Recipient = new Client(recipient, protocol, traffic),
        };
    }
}
