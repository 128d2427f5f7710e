using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// A buffer to encode into while the length is unknown. Each thread has one, so only the result is allocated, if anything. A method takes
/// it and gives it back before it returns, and encodes nothing else in the meantime.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as its thread, and the writer holds nothing but memory.")]
internal sealed class PooledJsonWriter
{
    private const int Kept = 64 * 1024;

    // Relaxed escaping keeps text as readable UTF-8. The stricter escaping protects HTML, and the frames are never embedded in HTML.
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static PooledJsonWriter? s_free;

    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly Utf8JsonWriter _json;

    private PooledJsonWriter() => _json = new Utf8JsonWriter(_output, s_json);

    public ArrayBufferWriter<byte> Output => _output;

    /// <summary>A writer into the buffer. The caller must flush it.</summary>
    public Utf8JsonWriter Json => _json;

    public static PooledJsonWriter Take()
    {
        var taken = s_free ?? new PooledJsonWriter();
        s_free = null;
        taken._output.ResetWrittenCount();
        taken._json.Reset();
        return taken;
    }

    /// <summary>Gives the writer back, and returns the written bytes as a new array.</summary>
    public byte[] Finish()
    {
        _json.Flush();
        var bytes = _output.WrittenSpan.ToArray();
        GiveBack();
        return bytes;
    }

    /// <summary>Gives the writer back, and returns the written bytes after <c>u8 kind, var length</c>.</summary>
    public byte[] FinishItem(byte kind)
    {
        var length = _output.WrittenCount;
        var lengthBytes = 1;
        for (var rest = length; rest >= 0x80; rest >>= 7)
            lengthBytes++;
        var item = new byte[1 + lengthBytes + length];
        item[0] = kind;
        for (var (i, rest) = (1, length); i <= lengthBytes; i++, rest >>= 7)
            item[i] = (byte)(i < lengthBytes ? rest | 0x80 : rest);
        _output.WrittenSpan.CopyTo(item.AsSpan(1 + lengthBytes));
        GiveBack();
        return item;
    }

    /// <summary>Gives the writer back, and returns the written bytes in a pooled array.</summary>
    public PooledBytes FinishPooled()
    {
        _json.Flush();
        var bytes = PooledBytes.CopyOf(_output.WrittenSpan);
        GiveBack();
        return bytes;
    }

    private void GiveBack()
    {
        if (_output.Capacity <= Kept)
            s_free = this;
    }
}
