namespace Chatable.Tests.Faults.Workload;

/// <summary>A device's position in its user's log, over all its connections. It reports gaps and repeats.</summary>
/// <param name="device">The name used in reports.</param>
/// <param name="report">Receives the invariant and the violation.</param>
internal sealed class LogPosition(string device, Action<string, string> report)
{
    private long _seq;

    public long Seq => Volatile.Read(ref _seq);

    /// <summary>A frame of the log has arrived.</summary>
    public void MoveTo(long seq)
    {
        var before = Seq;
        if (seq <= before)
            report("I3", $"{device} got seq {seq} after {before}");
        else if (seq > before + 1)
            report("I4", $"{device} got seq {seq} after {before}");
        Volatile.Write(ref _seq, seq);
    }

    /// <summary>The server says that the backlog is complete.</summary>
    public void CatchUp(long seq)
    {
        if (Seq < seq)
            report("I4", $"{device} was told it had caught up with {seq} at {Seq}");
    }

    /// <summary>The server has rejected the cursor and continues from its head. Earlier messages are not requested again.</summary>
    public void Reset(long head) => Volatile.Write(ref _seq, head);
}
