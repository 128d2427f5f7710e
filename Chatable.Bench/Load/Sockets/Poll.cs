using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Chatable.Bench.Load.Sockets;

/// <summary>An epoll instance; what is ready is named by the number it was added with.</summary>
internal sealed unsafe class Poll : IDisposable
{
    private const int MaxEvents = 512;

    // u32 events, u64 data; packed on x86-64 and nowhere else.
    private static readonly int s_dataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_size = s_dataAt + 8;

    private readonly int _descriptor = Libc.CreatePoll(0);
    private readonly byte[] _ready = GC.AllocateArray<byte>(MaxEvents * s_size, pinned: true);

    public void Add(int socket, int number, uint events) => Control(Libc.Add, socket, number, events);

    public void Modify(int socket, int number, uint events) => Control(Libc.Modify, socket, number, events);

    /// <summary>How many are ready, after <paramref name="nanoseconds"/> at the latest.</summary>
    public int Wait(long nanoseconds)
    {
        fixed (byte* ready = _ready)
        {
            var count = Libc.WaitPoll(_descriptor, ready, MaxEvents, new Libc.TimeSpec(nanoseconds), 0);
            if (count < 0 && Marshal.GetLastPInvokeError() is not Libc.Interrupted and var error)
                throw new Win32Exception(error);
            return Math.Max(count, 0);
        }
    }

    public (int Number, uint Events) this[int index]
    {
        get
        {
            var entry = _ready.AsSpan(index * s_size, s_size);
            return (BinaryPrimitives.ReadInt32LittleEndian(entry[s_dataAt..]), BinaryPrimitives.ReadUInt32LittleEndian(entry));
        }
    }

    public void Dispose() => _ = Libc.Close(_descriptor);

    private void Control(int operation, int socket, int number, uint events)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, events);
        BinaryPrimitives.WriteInt32LittleEndian(entry[s_dataAt..], number);
        fixed (byte* start = entry)
        {
            if (Libc.ControlPoll(_descriptor, operation, socket, start) < 0)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
