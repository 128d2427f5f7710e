using System.Text.Json;
using System.Text.Unicode;

namespace Chatable.ApiService.Http;

/// <summary>Reads a JSON object whose values are strings. Null counts as absent.</summary>
internal static class JsonFields
{
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 8 };

    public static bool TryRead(ReadOnlySpan<byte> body, FormFields fields)
    {
        if (!Utf8.IsValid(body))
            return false;

        try
        {
            var reader = new Utf8JsonReader(body, s_options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (Text(ref reader) is not { } name || !reader.Read() || !TryReadValue(ref reader, name, fields))
                    return false;
            }

            // Reads on, to check that only white space follows the object.
            return reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TryReadValue(ref Utf8JsonReader reader, string name, FormFields fields)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return fields.Add(name, null);
            case JsonTokenType.String:
                return Text(ref reader) is { } text ? fields.Add(name, text) : fields.AddFault(name, "is not valid text");
            default:
                reader.Skip();
                return fields.AddFault(name, "must be a text");
        }
    }

    // An escaped unpaired surrogate is well-formed JSON, but not valid text.
    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
