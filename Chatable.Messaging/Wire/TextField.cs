using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>One string of a client's frame, as UTF-8. A null counts as not given, as in the original service.</summary>
internal ref struct TextField
{
    private bool _seen;

    /// <summary>Points into the frame, unless the string contains escapes.</summary>
    public ReadOnlySpan<byte> Utf8 { get; private set; }

    /// <summary>Whether the field had any value but null or "". A faulty value counts as given, because its fault is reported.</summary>
    public bool IsGiven { get; private set; }

    /// <summary>Why the value is rejected: a fixed text, see <see cref="FieldFaults"/>.</summary>
    public string? Fault { get; private set; }

    public readonly string? AsName() => IsGiven ? NameCache.Of(Utf8) : null;

    /// <summary>Reads the value after the property name at which <paramref name="reader"/> is positioned.</summary>
    public void Read(ref Utf8JsonReader reader, int maxBytes)
    {
        if (_seen)
            Fault ??= FieldFaults.Repeated;
        _seen = true;

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return;

        IsGiven = true;
        if (reader.TokenType != JsonTokenType.String)
        {
            Fault ??= FieldFaults.NotText;
            reader.Skip();
            return;
        }

        var fault = Take(ref reader, maxBytes);
        Fault ??= fault;
        IsGiven = fault is not null || !Utf8.IsEmpty;
    }

    // PostgreSQL cannot store an unpaired surrogate, or bytes that are not UTF-8.
    private string? Take(ref Utf8JsonReader reader, int maxBytes)
    {
        if (!reader.ValueIsEscaped)
        {
            Utf8 = reader.ValueSpan;
            if (!System.Text.Unicode.Utf8.IsValid(Utf8))
                return FieldFaults.NotAllowed;
        }
        else
        {
            var unescaped = new byte[reader.ValueSpan.Length];
            try
            {
                Utf8 = unescaped.AsSpan(0, reader.CopyString(unescaped));
            }
            catch (InvalidOperationException)
            {
                return FieldFaults.NotAllowed;
            }
        }

        if (Utf8.Length > maxBytes)
            return FieldFaults.TooLong;
        return Utf8.Contains((byte)0) ? FieldFaults.NotAllowed : null;
    }
}

/// <summary>One integer of a client's frame. A null counts as not given.</summary>
internal struct IntegerField
{
    private bool _seen;

    public long? Value { get; private set; }

    /// <inheritdoc cref="TextField.Fault"/>
    public string? Fault { get; private set; }

    /// <summary>Reads the value after the property name at which <paramref name="reader"/> is positioned.</summary>
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

/// <summary>The fields of a message that a client sends, the same in every protocol.</summary>
/// <param name="maxMessageBytes">The most bytes of <c>message</c>.</param>
internal ref struct MessageFields(int maxMessageBytes)
{
    public const int MaxNameBytes = 255;

    /// <summary>The user that the client claims to be. The author of a message is always the authenticated user.</summary>
    public TextField Author;

    /// <summary>The name as the client wrote it, not yet resolved.</summary>
    public TextField Recipient;

    public TextField Message;

    /// <summary>Reads the field at which <paramref name="fields"/> is positioned, if it is one of these.</summary>
    public bool TryRead(ref ObjectReader fields)
    {
        if (fields.IsNamed("author"u8))
            Author.Read(ref fields.Json, MaxNameBytes);
        else if (fields.IsNamed("recipient"u8))
            Recipient.Read(ref fields.Json, MaxNameBytes);
        else if (fields.IsNamed("message"u8))
            Message.Read(ref fields.Json, maxMessageBytes);
        else
            return false;
        return true;
    }

    /// <summary>Adds the fault of each invalid field.</summary>
    /// <param name="faults">Receives them.</param>
    /// <param name="visible">Whether the message must have visible text, or only be there.</param>
    public readonly void AddFaults(FieldFaults faults, bool visible)
    {
        faults.Add("author", Author.Fault);
        faults.AddRequired("recipient", Recipient);
        if (visible)
            faults.AddVisible("message", Message);
        else
            faults.AddRequired("message", Message);
    }
}
