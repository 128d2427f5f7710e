namespace Chatable.Tests.Unit.PrefixLog;

/// <summary>Runs schedules from a seed: entries arrive, workers take turns, die, pause and resume, and time passes.</summary>
internal static class Scheduler
{
    /// <summary>The duration of a lease, and the time before an entry of a group may be claimed by another worker.</summary>
    public const int Idle = 10;

    private const int Workers = 3;
    private const int Steps = 40;
    private const int PatienceAtTheEnd = 2_000;

    /// <summary>The number of schedules that stored an entry after a later one.</summary>
    /// <exception cref="InvalidOperationException">A schedule lost an entry.</exception>
    public static int CountReordered(int schedules, Func<ModelPartition, Random, ModelWorker> create) =>
        Enumerable.Range(0, schedules).Count(seed => IsReordered(seed, create));

    private static bool IsReordered(int seed, Func<ModelPartition, Random, ModelWorker> create)
    {
        var random = new Random(seed);
        var partition = new ModelPartition();
        var workers = Enumerable.Range(0, Workers).Select(_ => create(partition, random)).ToArray();
        var pausedUntil = new int[Workers];
        for (var step = 0; step < Steps; step++)
        {
            partition.Now++;
            var one = random.Next(Workers);
            switch (random.Next(20))
            {
                case < 5:
                    partition.Append();
                    break;
                case 5:
                    workers[one] = create(partition, random);
                    break;
                case 6:
                    pausedUntil[one] = partition.Now + random.Next(3 * Idle);
                    break;
                case 7:
                    partition.Now += random.Next(2 * Idle);
                    break;
                default:
                    if (pausedUntil[one] <= partition.Now)
                        workers[one].Step();
                    break;
            }
        }

        Finish(seed, partition, workers);
        return partition.IsReordered;
    }

    // No more faults: paused workers continue with their batch. Every lease expires between two turns, so that a takeover finds what only a
    // takeover can find.
    private static void Finish(int seed, ModelPartition partition, ModelWorker[] workers)
    {
        for (var step = 0; step < PatienceAtTheEnd && !partition.IsEmpty; step++)
        {
            partition.Now += Idle + 1;
            workers[step % Workers].Step();
        }

        if (!partition.IsEmpty || !partition.IsWhole)
            throw new InvalidOperationException($"Schedule {seed} has lost an entry.");
    }
}
