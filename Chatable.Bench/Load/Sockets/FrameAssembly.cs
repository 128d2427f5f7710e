using System.Buffers;
using Chatable.Bench.Load.Frames;

namespace Chatable.Bench.Load.Sockets;

/// <summary>What has come of a frame or of a message whose end is still to come.</summary>
internal sealed class FrameAssembly
{
    private byte[]? _rest;
    private int _length;
    private ArrayBufferWriter<byte>? _message;
    private bool _isOpen;

    /// <summary>Moves what was kept to the front of the buffer; returns how much that is.</summary>
    public int Restore(Span<byte> buffer)
    {
        if (_rest is null)
            return 0;
        _rest.AsSpan(0, _length).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_rest);
        _rest = null;
        return _length;
    }

    public void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        _rest = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(_rest);
        _length = bytes.Length;
    }

    /// <summary>True where the frame is the last of its message; almost all are the only one.</summary>
    public bool TryComplete(ServerFrame frame, out ReadOnlySpan<byte> message)
    {
        message = frame.Payload;
        if (frame.IsFinal && !_isOpen)
            return true;
        _message ??= new ArrayBufferWriter<byte>();
        if (!_isOpen)
            _message.ResetWrittenCount();
        _message.Write(frame.Payload);
        _isOpen = !frame.IsFinal;
        message = _message.WrittenSpan;
        return frame.IsFinal;
    }
}
