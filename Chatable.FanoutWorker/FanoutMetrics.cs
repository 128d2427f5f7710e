using System.Diagnostics.Metrics;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Telemetry;

namespace Chatable.FanoutWorker;

internal sealed class FanoutMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _lag;
    private readonly Histogram<double> _batchDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _outcomes;
    private readonly Counter<long> _deadLettered;
    private readonly Counter<long> _deadLettersFull;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _routed;
    private readonly Counter<long> _leaseChanges;
    private readonly UpDownCounter<long> _partitions;
    private readonly UpDownCounter<long> _stopped;
    private long _waitingLetters;
    private readonly Counter<long> _reaped;
    private readonly Counter<long> _forgotten;

    public FanoutMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(TelemetryNames.Fanout);
        _lag = _meter.CreateHistogram<double>("chatable.fanout.lag", "s", "Time from an entry's arrival in the intake to its commit.");
        _batchDuration = _meter.CreateHistogram<double>(
            "chatable.fanout.batch.duration", "s", "Time from reading a batch until the servers were notified of it.");
        _batchSize = _meter.CreateHistogram<int>("chatable.fanout.batch.size", "{entry}", "Entries in a transaction.");
        _outcomes = _meter.CreateCounter<long>(
            "chatable.fanout.outcomes", "{message}", "Messages by outcome: stored, repeated or refused.");
        _deadLettered = _meter.CreateCounter<long>("chatable.fanout.dead_lettered", "{entry}", "Entries moved to the dead letters.");
        _meter.CreateObservableGauge(
            "chatable.fanout.dead_letters", () => Interlocked.Read(ref _waitingLetters), "{entry}",
            "Dead letters in the partitions this worker reads.");
        _deadLettersFull = _meter.CreateCounter<long>(
            "chatable.fanout.dead_letters_full", "{attempt}",
            "Failed attempts to move an entry to the dead letters, because they were full.");
        _failures = _meter.CreateCounter<long>("chatable.fanout.failures", "{batch}", "Batches that failed and are tried again.");
        _routed = _meter.CreateCounter<long>("chatable.fanout.routed", "{batch}", "Batches for servers, by result.");
        _leaseChanges = _meter.CreateCounter<long>("chatable.fanout.lease_changes", "{change}", "Partitions taken and given up.");
        _partitions = _meter.CreateUpDownCounter<long>("chatable.fanout.partitions", "{partition}", "Partitions this worker reads.");
        _stopped = _meter.CreateUpDownCounter<long>(
            "chatable.fanout.partitions_stopped", "{partition}", "Partitions that stand still until somebody fixes the cause.");
        _reaped = _meter.CreateCounter<long>("chatable.fanout.servers_reaped", "{server}", "Dead servers whose queue was removed.");
        _forgotten = _meter.CreateCounter<long>(
            "chatable.fanout.registrations_forgotten", "{registration}", "Users' registrations with dead servers, by result.");
    }

    public void BatchRead(int entries) => _batchSize.Record(entries);

    public void BatchSettled(TimeSpan duration) => _batchDuration.Record(duration.TotalSeconds);

    public void BatchFailed(string code) => _failures.Add(1, new KeyValuePair<string, object?>("error.type", code));

    public void Committed(TimeSpan lag) => _lag.Record(lag.TotalSeconds);

    public void Decided(string outcome, int count)
    {
        if (count > 0)
            _outcomes.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
    }

    public void DeadLettered(string code) => _deadLettered.Add(1, new KeyValuePair<string, object?>("error.type", code));

    public void DeadLettersCounted(long all) => Interlocked.Exchange(ref _waitingLetters, all);

    public void DeadLettersFull() => _deadLettersFull.Add(1);

    public void Routed(IReadOnlyList<QueueAppend> results)
    {
        foreach (var result in results)
            _routed.Add(1, new KeyValuePair<string, object?>("result", result.ToString()));
    }

    public void PartitionTaken()
    {
        _partitions.Add(1);
        _leaseChanges.Add(1, new KeyValuePair<string, object?>("change", "taken"));
    }

    public void PartitionGivenUp()
    {
        _partitions.Add(-1);
        _leaseChanges.Add(1, new KeyValuePair<string, object?>("change", "given_up"));
    }

    public void PartitionStopped(string code) => _stopped.Add(1, new KeyValuePair<string, object?>("error.type", code));

    public void PartitionGoesOn(string code) => _stopped.Add(-1, new KeyValuePair<string, object?>("error.type", code));

    public void Reaped(int servers) => _reaped.Add(servers);

    public void Forgotten(string result, int registrations)
    {
        if (registrations > 0)
            _forgotten.Add(registrations, new KeyValuePair<string, object?>("result", result));
    }

    public void Dispose() => _meter.Dispose();
}
