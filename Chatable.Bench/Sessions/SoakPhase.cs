using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;
using StackExchange.Redis;

namespace Chatable.Bench.Sessions;

/// <summary>
/// Half of what it can do, in the packs in which it can, minute after minute: memory, the intake and the tables are looked at after each.
/// </summary>
internal sealed class SoakPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private const int Partitions = 16;
    private const int Pack = 16;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    // Tables that hold messages, and so may grow.
    private const string OtherTables = """
        SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('messages', 'envelopes')
        """;

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Soak))
            return;
        Progress.Step("starting chatable");
        await using var subject = await ChatableSubject.StartAsync(cancellationToken);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(subject.RedisConnection);
        var most = 0.0;
        await new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
            subject.Name,
            async () =>
            {
                var run = await new TrafficRun(subject, Plan(_ => new ClosedLoop(Pack), Options.WarmUpWindow), Progress)
                    .RunAsync(round: 0, cancellationToken);
                most = run.PerSecond;
                return run;
            });

        var rate = most / 2;
        for (var minute = 1; minute <= Options.Soak.TotalMinutes; minute++)
        {
            Progress.Step($"minute {minute} of {Options.Soak.TotalMinutes:0}: {rate:N0} messages/s");
            var longest = WatchIntakeAsync(redis, cancellationToken);
            var run = await new TrafficRun(subject, Plan(share => new OpenLoop(rate * share, Pack), s_window), Progress)
                .RunAsync(minute, cancellationToken);
            add(run with
            {
                Subject = $"minute {minute}",
                Extra = new()
                {
                    ["MB"] = run.Megabytes.Values.Sum(),
                    ["MB of api"] = run.Megabytes.GetValueOrDefault("api"),
                    ["MB of worker"] = run.Megabytes.GetValueOrDefault("worker"),
                    ["MB of redis"] = run.Megabytes.GetValueOrDefault("redis"),
                    ["longest partition"] = await longest,
                    ["MB of tables beside messages and envelopes"] = await TablesAsync(subject, cancellationToken),
                },
            });
            if (run.Trouble is not null || !run.Counts.AreRight)
            {
                Progress.Step($"ended after minute {minute}: {run.Trouble ?? "a message had another fate than it was promised"}");
                return;
            }
        }
    }

    private TrafficPlan Plan(Func<double, Pace> pace, TimeSpan measured) => new()
    {
        Name = Scenarios.Soak,
        Pairs = Options.Pairs,
        WarmUp = Options.WarmUp,
        Measured = measured,
        Pace = pace,
        Loops = Math.Max(1, Environment.ProcessorCount / 4),
    };

    // Within a minute's measurement, so that it is looked at under load.
    private static async Task<long> WatchIntakeAsync(ConnectionMultiplexer redis, CancellationToken cancellationToken)
    {
        var longest = 0L;
        for (var second = 0; second < s_window.TotalSeconds; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            var lengths = await Task.WhenAll(
                Enumerable.Range(0, Partitions).Select(partition => redis.GetDatabase().StreamLengthAsync($"in:{{{partition}}}")));
            longest = Math.Max(longest, lengths.Max());
        }

        return longest;
    }

    private static async Task<double> TablesAsync(ChatableSubject subject, CancellationToken cancellationToken)
    {
        await using var command = subject.Database.CreateCommand(OtherTables);
        return Math.Round((long)(await command.ExecuteScalarAsync(cancellationToken))! / 1048576.0, 2);
    }
}
