namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// Follows a client's frames byte by byte, from header to header (RFC 6455, 5.2), for what the framework's WebSocket does not tell. It
/// counts control frames, and stops at a frame that is not masked (5.1) as soon as its second byte is there: the framework would wait for
/// a mask that never comes, or take the frame.
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

    /// <summary>Whether it has come to a frame that is not masked. Nothing after that is anything.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Goes on over these bytes.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="controlFrames">How many headers of control frames have ended within them.</param>
    /// <returns>How many of them come before the first frame that is not masked; its first byte may be among them.</returns>
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

    // One byte of a header, up to its mask. False where there will be none.
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

    // A length of more than 2^63 is the framework's to refuse.
    private void EndHeader()
    {
        (_rest, _inHeader) = (Math.Min(_length, long.MaxValue) + MaskBytes, false);
        if (_isControl)
            _controlFrames++;
    }
}
