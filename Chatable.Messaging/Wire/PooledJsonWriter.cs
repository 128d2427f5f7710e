using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// What something is encoded in before its length is known: each thread has one, so that nothing is allocated but the outcome, if that. It is taken and
/// given back within one method that does not encode anything else meanwhile.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as its thread, and the writer holds nothing but memory.")]
internal sealed class PooledJsonWriter
{
    private const int Kept = 64 * 1024;

    // Relaxed: text stays readable UTF-8. The frames never stand inside HTML, which is what the stricter escaping is for.
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static PooledJsonWriter? s_free;

    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly Utf8JsonWriter _json;

    private PooledJsonWriter() => _json = new Utf8JsonWriter(_output, s_json);

    public ArrayBufferWriter<byte> Output => _output;

    /// <summary>A writer into it, to be flushed.</summary>
    public Utf8JsonWriter Json => _json;

    public static PooledJsonWriter Take()
    {
        var taken = s_free ?? new PooledJsonWriter();
        s_free = null;
        taken._output.ResetWrittenCount();
        taken._json.Reset();
        return taken;
    }

    /// <summary>Gives it back; what was written, as an array of its own.</summary>
    public byte[] Finish()
    {
        _json.Flush();
        var bytes = _output.WrittenSpan.ToArray();
        GiveBack();
        return bytes;
    }

    /// <summary>Gives it back; what was written, to be returned to the pool.</summary>
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
