using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>One integer of a client's frame. A null counts as not given.</summary>
internal struct IntegerField
{
    private bool _seen;

    public long? Value { get; private set; }

    /// <inheritdoc cref="TextField.Fault"/>
    public string? Fault { get; private set; }

    /// <summary>Reads the value after the property name on which <paramref name="reader"/> stands.</summary>
    public void Read(ref Utf8JsonReader reader, long least, long most)
    {
        if (_seen)
            Fault ??= FieldFaults.Repeated;
        _seen = true;

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return;

        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value))
        {
            Value = value;
            if (value < least || value > most)
                Fault ??= FieldFaults.OutOfRange;
            return;
        }

        Fault ??= FieldFaults.NotInteger;
        reader.Skip();
    }
}
