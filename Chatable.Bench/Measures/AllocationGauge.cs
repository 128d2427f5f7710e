using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;

namespace Chatable.Bench.Measures;

/// <summary>
/// How much another .NET process has allocated so far. It is asked by a socket that this assembly opens in it, as a startup hook: a thread
/// that waits costs nothing while it is measured, where events of the runtime (EventPipe) would.
/// </summary>
internal static class AllocationGauge
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>To be in the environment of a process that is to be asked.</summary>
    public static (string Key, string Value) Hook => ("DOTNET_STARTUP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Chatable.Bench.dll"));

    /// <summary>Answers in this process, until it ends.</summary>
    public static void Serve() => new Thread(Answer) { IsBackground = true, Name = "allocations" }.Start();

    /// <summary>Bytes allocated so far, to some kilobytes a thread; null where nobody answers.</summary>
    public static long? Read(int processId)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
            socket.Connect(AddressOf(processId));
            Span<byte> answer = stackalloc byte[sizeof(long)];
            return socket.Receive(answer) == answer.Length ? BinaryPrimitives.ReadInt64LittleEndian(answer) : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static void Answer()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(AddressOf(Environment.ProcessId));
        listener.Listen();
        Span<byte> answer = stackalloc byte[sizeof(long)];
        while (true)
        {
            using var asker = listener.Accept();
            BinaryPrimitives.WriteInt64LittleEndian(answer, GC.GetTotalAllocatedBytes());
            try
            {
                asker.Send(answer);
            }
            catch (SocketException)
            {
                // Whoever asked has not waited.
            }
        }
    }

    // Of Linux' abstract names: no file, and gone with the process.
    private static UnixDomainSocketEndPoint AddressOf(int processId) =>
        new(string.Create(CultureInfo.InvariantCulture, $"\0chatable-bench-allocations-{processId}"));
}
