using System.Runtime.InteropServices;

namespace Chatable.Bench.Sessions;

/// <summary>How many sockets this process and those it starts may have. Root may raise it, others find it raised already or not.</summary>
internal static partial class FileLimit
{
    private const int OpenFiles = 7;

    public static void Raise(int files)
    {
        if (GetLimit(OpenFiles, out var limit) == 0 && limit.Soft < (ulong)files)
            _ = SetLimit(OpenFiles, new Limit { Soft = (ulong)files, Hard = Math.Max((ulong)files, limit.Hard) });
    }

    /// <summary>How many there may be.</summary>
    public static long Read() => GetLimit(OpenFiles, out var limit) == 0 ? (long)limit.Soft : 0;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
