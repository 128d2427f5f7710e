namespace Chatable.Tests.Unit.PrefixLog;

/// <summary>
/// A worker that does one thing at a time: read, commit, delete. Between two things anything may happen, and it may take for ever. A
/// crash is a new worker in its place; a zombie is one that goes on where it stopped long ago.
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

    // It may fail, and be told so or not; then all begins again.
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

/// <summary>Chatable's: always from the head, and nothing that keeps others from doing the same.</summary>
internal sealed class PrefixWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    protected override int[] Read() => Partition.Read(BatchSize);
}

/// <summary>XREADGROUP by several, XAUTOCLAIM of what lies about.</summary>
internal sealed class GroupWorker(ModelPartition partition, Random random) : ModelWorker(partition, random)
{
    protected override int[] Read() =>
        Partition.Claim(BatchSize, Scheduler.Idle) is { Length: > 0 } claimed ? claimed : Partition.ReadNew(BatchSize);
}

/// <summary>A consumer group of which one reads, as long as he believes that the lease is his.</summary>
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

    // When he takes over, what others or he himself left unfinished comes first; then what is new. He looks at the lease again only after
    // the batch.
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

/// <summary>From the head, but the next batch is read while the last is still on its way.</summary>
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
