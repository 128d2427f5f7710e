namespace Chatable.ApiService.Sending;

/// <summary>Ids for the receivers of the worker's answers: sockets, and waiting requests.</summary>
internal static class ConnectionIds
{
    private static long s_last;

    /// <summary>Returns an id that was never used before in this process.</summary>
    public static long Next() => Interlocked.Increment(ref s_last);
}
