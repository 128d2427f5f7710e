using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Goes over the fields of a client's frame, which is one JSON object and nothing else. After each <see cref="NextField"/> the value
/// must be read or skipped.
/// </summary>
internal ref struct ObjectReader
{
    private const int MaxDepth = 8;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MaxDepth };

    /// <summary>Stands on a field's name after <see cref="NextField"/>.</summary>
    public Utf8JsonReader Json;

    /// <exception cref="JsonException">It does not begin as an object does.</exception>
    public ObjectReader(ReadOnlySpan<byte> utf8)
    {
        Json = new Utf8JsonReader(utf8, s_options);
        if (!Json.Read() || Json.TokenType != JsonTokenType.StartObject)
            throw new JsonException();
    }

    /// <summary>False at the end of the object.</summary>
    /// <exception cref="JsonException">It is not JSON, nested too deep, or something follows the object.</exception>
    public bool NextField()
    {
        if (Json.Read() && Json.TokenType == JsonTokenType.PropertyName)
            return true;
        return Json.Read() ? throw new JsonException() : false;
    }

    public bool IsNamed(ReadOnlySpan<byte> name)
    {
        try
        {
            return Json.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair is none of ours.
            return false;
        }
    }
}
