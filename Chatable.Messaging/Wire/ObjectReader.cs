using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Iterates over the fields of a client's frame, which is one JSON object and nothing else. After each <see cref="NextField"/> the caller
/// must read or skip the value.
/// </summary>
internal ref struct ObjectReader
{
    private const int MaxDepth = 8;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MaxDepth };

    /// <summary>After <see cref="NextField"/>, positioned on a field's name.</summary>
    public Utf8JsonReader Json;

    /// <exception cref="JsonException">The text does not begin with an object.</exception>
    public ObjectReader(ReadOnlySpan<byte> utf8)
    {
        Json = new Utf8JsonReader(utf8, s_options);
        if (!Json.Read() || Json.TokenType != JsonTokenType.StartObject)
            throw new JsonException();
    }

    /// <summary>Returns false at the end of the object.</summary>
    /// <exception cref="JsonException">The text is not JSON, is nested too deep, or continues after the object.</exception>
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
            // A name with an unpaired surrogate matches no known field.
            return false;
        }
    }
}
