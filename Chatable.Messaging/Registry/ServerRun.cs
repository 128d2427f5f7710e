namespace Chatable.Messaging.Registry;

// Which run of which Redis server answers. After a restart or a failover it is another one, and may have lost the last second of what
// the one before knew, even where it has most of it. Connection events tell of that only as far as they are seen.
internal sealed class ServerRun
{
    private string? _id;

    /// <summary>Whether the answer comes from where the last one came from. The first does; one that names no run says nothing.</summary>
    public bool Continues(string runId)
    {
        if (runId.Length == 0)
            return true;
        var last = Interlocked.Exchange(ref _id, runId);
        return last is null || last == runId;
    }
}
