using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Chatable.Bench.Load.Frames;

namespace Chatable.Bench.Load.Sockets;

/// <summary>One WebSocket by hand over a non-blocking socket. An idle one holds no buffer.</summary>
internal sealed class Link
{
    // A server that takes nothing more is a result, not a reason to fill this machine's memory.
    private const int MaxOutput = 4 * 1024 * 1024;

    private readonly EventLoop _loop;
    private readonly Poll _poll;
    private readonly int _socket;
    private readonly LinkHandler _handler;
    private readonly FrameAssembly _incoming = new();
    private OutputBuffer _output;
    private State _state = State.Connecting;
    private uint _watched;

    private Link(EventLoop loop, Poll poll, int number, int socket, LinkHandler handler)
    {
        (_loop, _poll, Number, _socket, _handler) = (loop, poll, number, socket, handler);
        _watched = Libc.Out;
        _poll.Add(_socket, number, _watched);
    }

    private enum State
    {
        Connecting,
        Upgrading,
        Open,
        Closed,
    }

    public int Number { get; }

    public EventLoop Loop => _loop;

    public static unsafe Link Open(EventLoop loop, Poll poll, int number, IPEndPoint server, LinkHandler handler)
    {
        const int InternetFamily = 2, Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000, Tcp = 6, NoDelay = 1;
        var socket = Libc.Socket(InternetFamily, Stream | NonBlocking | CloseOnExec, 0);
        if (socket < 0)
            throw new IOException($"No more sockets: error {Marshal.GetLastPInvokeError()}. `ulimit -n` says how many there may be.");
        _ = Libc.SetOption(socket, Tcp, NoDelay, 1, sizeof(int));
        Span<byte> address = stackalloc byte[16];
        address.Clear();
        BinaryPrimitives.WriteInt16LittleEndian(address, InternetFamily);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)server.Port);
        _ = server.Address.TryWriteBytes(address[4..], out _);
        fixed (byte* start = address)
        {
            if (Libc.Connect(socket, start, address.Length) < 0 && Marshal.GetLastPInvokeError() is not Libc.InProgress and var error)
                throw new IOException($"{server} cannot be connected to: error {error}.");
        }

        return new Link(loop, poll, number, socket, handler);
    }

    /// <summary>One text message, with the other gathered output at the end of this round.</summary>
    public void Send(ReadOnlySpan<byte> payload) => Send(Opcode.Text, payload);

    public void Close(string reason)
    {
        if (_state == State.Closed)
            return;
        _state = State.Closed;
        _ = Libc.Close(_socket);
        _loop.Gone(this);
        _output = default;
        _handler.Closed(this, reason);
    }

    internal void Handle(uint events, byte[] buffer)
    {
        if (_state == State.Connecting)
            Connected();
        else if ((events & (Libc.In | Libc.Error | Libc.HangUp)) != 0)
            Receive(buffer);
        if ((events & Libc.Out) != 0 && _state is State.Upgrading or State.Open)
            Flush();
    }

    internal void Flush()
    {
        if (_state is State.Closed or State.Connecting)
            return;
        while (!_output.IsEmpty)
        {
            var sent = Libc.Send(_socket, _output.Waiting);
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() is not (Libc.WouldBlock or Libc.Interrupted) and var error)
                    Close($"sending failed with error {error}");
                break;
            }

            _output.Sent(sent);
        }

        Watch(_output.IsEmpty ? Libc.In : Libc.In | Libc.Out);
    }

    private void Connected()
    {
        const int SocketLevel = 1, PendingError = 4;
        int error = 0, size = sizeof(int);
        _ = Libc.GetOption(_socket, SocketLevel, PendingError, ref error, ref size);
        if (error != 0)
        {
            Close($"connecting failed with error {error}");
            return;
        }

        _state = State.Upgrading;
        _handler.Request.CopyTo(_output.Take(_handler.Request.Length));
        Flush();
    }

    private void Receive(byte[] buffer)
    {
        var kept = _incoming.Restore(buffer);
        var received = Libc.Receive(_socket, buffer.AsSpan(kept));
        if (received <= 0)
        {
            var error = received == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error is Libc.WouldBlock or Libc.Interrupted)
                _incoming.Keep(buffer.AsSpan(0, kept));
            else
                Close(received == 0 ? "the server hung up" : $"receiving failed with error {error}");
            return;
        }

        var bytes = buffer.AsSpan(0, kept + received);
        if (_state == State.Upgrading && !TryUpgrade(ref bytes))
            return;
        ReadFrames(bytes);
    }

    private bool TryUpgrade(ref Span<byte> bytes)
    {
        var answer = Upgrade.Read(bytes, out var length);
        if (answer == UpgradeAnswer.Partial)
        {
            _incoming.Keep(bytes);
            return false;
        }

        if (answer == UpgradeAnswer.Refused)
        {
            Close($"the server refused: {Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, bytes.IndexOf((byte)'\r'))])}");
            return false;
        }

        _state = State.Open;
        bytes = bytes[length..];
        _handler.Opened(this);
        return true;
    }

    private void ReadFrames(Span<byte> bytes)
    {
        while (_state == State.Open && ServerFrame.TryRead(bytes, out var frame, out var length))
        {
            switch (frame.Opcode)
            {
                case Opcode.Text or Opcode.Binary or Opcode.Continuation when _incoming.TryComplete(frame, out var message):
                    _handler.Received(this, message);
                    break;
                case Opcode.Ping:
                    Send(Opcode.Pong, frame.Payload);
                    break;
                case Opcode.Close:
                    Close($"the server closed with {frame.CloseCode}");
                    break;
            }

            bytes = bytes[length..];
        }

        if (_state == State.Open)
            _incoming.Keep(bytes);
    }

    private void Send(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        if (_state != State.Open)
            return;
        if (_output.Length > MaxOutput)
        {
            Close("the server takes nothing more");
            return;
        }

        if (_output.IsEmpty)
            _loop.HasOutput(this);
        ClientFrame.Write(opcode, payload, ref _output);
    }

    private void Watch(uint events)
    {
        if (_state == State.Closed || events == _watched)
            return;
        _watched = events;
        _poll.Modify(_socket, Number, events);
    }
}
