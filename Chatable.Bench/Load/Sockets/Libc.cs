using System.Runtime.InteropServices;

namespace Chatable.Bench.Load.Sockets;

/// <summary>The few calls of Linux an event loop is made of: one thread, no hand-overs, two calls for a message.</summary>
internal static unsafe partial class Libc
{
    public const int Interrupted = 4, WouldBlock = 11, InProgress = 115;

    public const uint In = 0x1, Out = 0x4, Error = 0x8, HangUp = 0x10;

    public const int Add = 1, Modify = 3;

    private const int NoSignal = 0x4000;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, in int value, int size);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(int socket, int level, int name, ref int value, ref int size);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, byte* address, int size);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreatePoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlPoll(int poll, int operation, int descriptor, byte* pollEvent);

    /// <summary>Waits to the microsecond, where <c>epoll_wait</c> knows milliseconds only (Linux 5.11, glibc 2.35).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int WaitPoll(int poll, byte* events, int count, in TimeSpec timeout, nint signals);

    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
            return (int)ReceiveBytes(socket, start, buffer.Length, 0);
    }

    public static int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            return (int)SendBytes(socket, start, bytes.Length, NoSignal);
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveBytes(int socket, byte* buffer, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendBytes(int socket, byte* bytes, nint size, int flags);

    [StructLayout(LayoutKind.Sequential)]
    public readonly struct TimeSpec(long nanoseconds)
    {
        private readonly long _seconds = nanoseconds / 1_000_000_000;
        private readonly long _nanoseconds = nanoseconds % 1_000_000_000;

        public override string ToString() => $"{_seconds}.{_nanoseconds:D9}";
    }
}
