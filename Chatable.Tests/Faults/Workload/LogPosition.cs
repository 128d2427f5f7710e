namespace Chatable.Tests.Faults.Workload;

/// <summary>How far a device has got in its user's log, over all its connections. It says where a hole comes, or anything twice.</summary>
/// <param name="device">Named in what is said.</param>
/// <param name="report">Told the invariant and what violates it.</param>
internal sealed class LogPosition(string device, Action<string, string> report)
{
    private long _seq;

    public long Seq => Volatile.Read(ref _seq);

    /// <summary>A frame of the log has come.</summary>
    public void MoveTo(long seq)
    {
        var before = Seq;
        if (seq <= before)
            report("I3", $"{device} got seq {seq} after {before}");
        else if (seq > before + 1)
            report("I4", $"{device} got seq {seq} after {before}");
        Volatile.Write(ref _seq, seq);
    }

    /// <summary>The server says that this is all.</summary>
    public void CatchUp(long seq)
    {
        if (Seq < seq)
            report("I4", $"{device} was told it had caught up with {seq} at {Seq}");
    }

    /// <summary>The server knows another past, and goes on from its head. What came before is not asked for again.</summary>
    public void Reset(long head) => Volatile.Write(ref _seq, head);
}
