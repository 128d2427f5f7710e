namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// Parses a client's frame headers byte by byte (RFC 6455, 5.2), for what the framework's WebSocket does not report. It counts control
/// frames, and stops at an unmasked frame (5.1) as soon as the frame's second byte arrives. The framework would wait for a mask that never
/// comes, or accept the frame.
/// </summary>
internal struct FrameHeaders
{
    private const int MaskBytes = 4;
    private const byte ControlBit = 0x08, MaskBit = 0x80, LengthBits = 0x7F;

    private ulong _length;
    private ulong _rest;
    private int _lengthBytes;
    private int _controlFrames;
    private bool _inHeader;
    private bool _isControl;

    /// <summary>Whether an unmasked frame was found. Bytes after it have no meaning.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Parses the next bytes.</summary>
    /// <param name="bytes">The bytes received.</param>
    /// <param name="controlFrames">The number of control frame headers that ended within them.</param>
    /// <returns>The number of bytes before the first unmasked frame. They may include that frame's first byte.</returns>
    public int Pass(ReadOnlySpan<byte> bytes, out int controlFrames)
    {
        _controlFrames = 0;
        var at = 0;
        while (at < bytes.Length && !HasFailed)
        {
            if (_rest > 0)
            {
                var passed = (int)Math.Min(_rest, (ulong)(bytes.Length - at));
                (_rest, at) = (_rest - (ulong)passed, at + passed);
            }
            else if (Take(bytes[at]))
            {
                at++;
            }
            else
            {
                HasFailed = true;
            }
        }

        controlFrames = _controlFrames;
        return at;
    }

    // Takes one byte of a header, up to its mask. Returns false if the frame is unmasked.
    private bool Take(byte next)
    {
        if (_lengthBytes > 0)
        {
            _length = (_length << 8) | next;
            if (--_lengthBytes == 0)
                EndHeader();
        }
        else if (!_inHeader)
        {
            (_inHeader, _isControl) = (true, (next & ControlBit) != 0);
        }
        else if ((next & MaskBit) == 0)
        {
            return false;
        }
        else
        {
            _length = (ulong)(next & LengthBits);
            _lengthBytes = _length switch { 126 => sizeof(ushort), 127 => sizeof(ulong), _ => 0 };
            if (_lengthBytes > 0)
                _length = 0;
            else
                EndHeader();
        }

        return true;
    }

    // The framework rejects lengths above 2^63.
    private void EndHeader()
    {
        (_rest, _inHeader) = (Math.Min(_length, long.MaxValue) + MaskBytes, false);
        if (_isControl)
            _controlFrames++;
    }
}
