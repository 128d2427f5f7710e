using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.FanoutWorker;

/// <summary>Maintains this worker's share of the partitions: takes free ones, and gives up those beyond its share.</summary>
internal sealed partial class PartitionAssignment(
    IntakeLog intake, PartitionLeases leases, AssignedPartitions readers, SchemaCheck schema, IOptions<FanoutOptions> options,
    TimeProvider time, IHostApplicationLifetime lifetime, ILogger<PartitionAssignment> logger) : BackgroundService
{
    // Workers that start together begin their search at different partitions.
    private readonly int _first = Random.Shared.Next(intake.Partitions);
    private bool _partitionsAgreed;
    private bool _isSchemaThere;
    private bool _isSchemaMissed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LeaseRenewal, time);
        do
        {
            await TryBalanceAsync(stoppingToken);
        }
        while (await WaitAsync(timer, stoppingToken));
        await LeaveAsync();
    }

    // The batches in flight finish first. Other workers can then take the partitions at once, instead of when the leases expire.
    private async Task LeaveAsync()
    {
        try
        {
            await GiveUpAsync(readers.Partitions);
            await leases.LeaveAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            Log.LeaveFailed(logger, failure);
        }
    }

    private async Task TryBalanceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_partitionsAgreed)
                await intake.EnsurePartitionsAsync(cancellationToken);
            _partitionsAgreed = true;
            if (await IsSchemaThereAsync(cancellationToken))
                await BalanceAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The loop ends on its own.
        }
        catch (UnusableRedisException unusable)
        {
            Log.UnusableRedis(logger, unusable.Message);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
        catch (Exception failure)
        {
            // Reading continues: without Redis no other worker can take the partitions, and if one does, it is harmless.
            Log.BalanceFailed(logger, failure);
        }
    }

    // Before the migrations of its version, a worker could store nothing of what it takes, while a worker of the previous version could.
    // Once PostgreSQL has confirmed the schema, it is not asked again, because a slow answer would delay the leases. Until then the worker
    // holds no leases.
    private async Task<bool> IsSchemaThereAsync(CancellationToken cancellationToken)
    {
        if (_isSchemaThere)
            return true;
        try
        {
            var health = await schema.CheckHealthAsync(new HealthCheckContext(), cancellationToken);
            if (health.Status == HealthStatus.Unhealthy)
            {
                if (!_isSchemaMissed)
                    Log.SchemaMissed(logger, health.Description!);
                _isSchemaMissed = true;
                return false;
            }
        }
        catch (NpgsqlException)
        {
            // The outage is reported elsewhere. Nothing could be stored now either.
            return false;
        }

        return _isSchemaThere = true;
    }

    /// <summary>
    /// Runs one round: sends a heartbeat, renews the leases, and takes or gives up partitions to match this worker's share.
    /// </summary>
    public async Task BalanceAsync(CancellationToken cancellationToken)
    {
        var share = PartitionLeases.Share(intake.Partitions, await leases.HeartbeatAsync(cancellationToken));
        await GiveUpAsync([.. readers.Partitions.Skip(share)]);
        await RenewAsync(cancellationToken);
        var taken = new SortedSet<int>();
        for (var i = 0; i < intake.Partitions && readers.Count < share; i++)
        {
            var partition = (_first + i) % intake.Partitions;
            if (readers.IsRunning(partition) || await leases.HoldAsync(partition, cancellationToken) is LeaseAnswer.Taken)
                continue;

            readers.Start(partition);
            taken.Add(partition);
        }

        if (taken.Count > 0)
            Log.PartitionsTaken(logger, taken.Count, string.Join(", ", taken));
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(readers.Partitions.Select(
            async partition => (partition, answer: await leases.HoldAsync(partition, cancellationToken))));
        await GiveUpAsync([.. answers.Where(one => one.answer is LeaseAnswer.Taken).Select(one => one.partition)]);
    }

    private async Task GiveUpAsync(int[] partitions)
    {
        await readers.StopAsync(partitions);
        if (partitions.Length > 0)
            Log.PartitionsGivenUp(logger, partitions.Length, string.Join(", ", partitions.Order()));
        foreach (var partition in partitions)
            await leases.ReleaseAsync(partition, CancellationToken.None);
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
