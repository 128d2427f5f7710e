namespace Chatable.Tests.Unit.PrefixLog;

/// <summary>
/// A worker with one step at a time: read, commit, delete. Between two steps anything may happen, for any time. A crash is a new worker in
/// its place; a zombie is one that continues long after it stopped.
/// </summary>
internal abstract class ModelWorker(ModelPartition partition, Random random)
{
    private int[] _batch = [];
    private bool _committed;

    protected ModelPartition Partition => partition;

    protected Random Random => random;

    protected int BatchSize => random.Next(1, 4);

    public virtual void Step()
    {
        if (_batch.Length == 0)
            (_batch, _committed) = (Read(), false);
        else if (!_committed)
            Store();
        else
            Settle();
    }

    protected abstract int[] Read();

    // The commit may fail, reported or not; then everything starts again.
    private void Store()
    {
        var disposition = random.Next(20);
        if (disposition > 0)
            partition.Commit(_batch);
        _committed = disposition > 1;
        if (!_committed)
            Forget(isSettled: false);
    }

    private void Settle()
    {
        var isSettled = random.Next(20) > 0;
        if (isSettled)
            partition.Delete(_batch);
        Forget(isSettled);
    }

    protected virtual void Forget(bool isSettled) => _batch = [];
}

/// <summary>Chatable's scheme: always from the head, and nothing prevents others from doing the same.</summary>
internal sealed class PrefixWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    protected override int[] Read() => Partition.Read(BatchSize);
}

/// <summary>XREADGROUP by several workers, and XAUTOCLAIM of idle entries.</summary>
internal sealed class GroupWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    protected override int[] Read() =>
        Partition.Claim(BatchSize, Scheduler.Idle) is { Length: > 0 } claimed ? claimed : Partition.ReadNew(BatchSize);
}

/// <summary>A consumer group with one reader, which reads as long as it believes that it holds the lease.</summary>
internal sealed class BelievingWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    private bool _believes;
    private bool _takesOver;

    public override void Step()
    {
        if (_believes)
            base.Step();
        else
            Acquire();
    }

    // After a takeover, it first reads what was left unfinished, then new entries. It checks the lease again only after the batch.
    protected override int[] Read()
    {
        var unfinished = _takesOver ? Partition.Claim(BatchSize, idle: 0) : [];
        _takesOver = unfinished.Length > 0;
        var batch = _takesOver ? unfinished : Partition.ReadNew(BatchSize);
        _believes = batch.Length > 0;
        return batch;
    }

    protected override void Forget(bool isSettled)
    {
        base.Forget(isSettled);
        _takesOver |= !isSettled;
        _believes = false;
    }

    private void Acquire()
    {
        var (holder, until) = Partition.Lease;
        var isHeld = until > Partition.Now;
        if (isHeld && holder != this)
            return;
        _takesOver |= !isHeld;
        Partition.Lease = (this, Partition.Now + Scheduler.Idle);
        _believes = true;
    }
}

/// <summary>From the head, but it reads the next batch while the last one is in flight.</summary>
internal sealed class PipeliningWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    private readonly List<int[]> _flying = [];

    public override void Step()
    {
        if (_flying.Count < 2 && Random.Next(2) == 0)
        {
            if (Read() is { Length: > 0 } batch)
                _flying.Add(batch);
        }
        else if (_flying.Count > 0)
        {
            var landed = _flying[Random.Next(_flying.Count)];
            _flying.Remove(landed);
            Partition.Commit(landed);
            Partition.Delete(landed);
        }
    }

    protected override int[] Read() => Partition.Read(BatchSize, _flying.Count == 0 ? 0 : _flying.Max(batch => batch[^1]));
}
