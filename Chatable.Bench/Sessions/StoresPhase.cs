using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.References;
using Chatable.Bench.Report;

namespace Chatable.Bench.Sessions;

/// <summary>What the stores do alone: the most that anything on top of them could.</summary>
internal sealed class StoresPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private static readonly int[] s_connections = [1, 2, 16];
    private static readonly int[] s_batches = [1, 20, 200];

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Stores))
            return;
        Progress.Step("starting PostgreSQL and Redis alone");
        await using var postgres = await PostgresAlone.StartAsync(cancellationToken);
        await using var redis = await RedisAlone.StartAsync(cancellationToken);
        var time = Options.Measured / 2;
        foreach (var round in Rounds)
        {
            Progress.Step($"round {round} of {Options.Rounds}: stores alone");
            foreach (var connections in s_connections)
                add(await postgres.RunAsync(Scenarios.Stores, connections, round, time, cancellationToken));
            foreach (var batch in s_batches)
                add(await redis.RunAsync(Scenarios.Stores, batch, round, time, cancellationToken));
        }
    }
}
