using System.Runtime.InteropServices;

namespace Chatable.Bench.Sessions;

/// <summary>How many sockets this process and those it starts may have. Root may raise it, others find it raised already or not.</summary>
internal static partial class FileLimit
{
    private const int OpenFiles = 7;

    /// <summary>For everything but clients that a process has open.</summary>
    private const int Spared = 500;

    public static void Raise(int files)
    {
        if (GetLimit(OpenFiles, out var limit) == 0 && limit.Soft < (ulong)files)
            _ = SetLimit(OpenFiles, new Limit { Soft = (ulong)files, Hard = Math.Max((ulong)files, limit.Hard) });
    }

    /// <summary>How many clients one process of the load generator may have open.</summary>
    public static int Clients() =>
        GetLimit(OpenFiles, out var limit) == 0 ? (int)Math.Clamp((long)Math.Min(limit.Soft, int.MaxValue) - Spared, 1, int.MaxValue) : 1;

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
