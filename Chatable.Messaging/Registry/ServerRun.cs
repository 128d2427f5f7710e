namespace Chatable.Messaging.Registry;

// Identifies the run of the Redis server that answers. After a restart or a failover it is a different run, which may have lost the last
// second of writes, even if it has most of the data. Connection events reveal this only if they are observed.
internal sealed class ServerRun
{
    private string? _id;

    /// <summary>
    /// Whether this answer comes from the same run as the last one. True for the first answer, and for one that names no run.
    /// </summary>
    public bool Continues(string runId)
    {
        if (runId.Length == 0)
            return true;
        var last = Interlocked.Exchange(ref _id, runId);
        return last is null || last == runId;
    }
}
