namespace Chatable.ApiService.Sending;

/// <summary>Numbers for whoever the worker is to answer: sockets, and requests that wait.</summary>
internal static class ConnectionIds
{
    private static long s_last;

    /// <summary>One that nobody else in this process has had.</summary>
    public static long Next() => Interlocked.Increment(ref s_last);
}
