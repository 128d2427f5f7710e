using System.Text;
using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>One string of a client's frame, as UTF-8. A null counts as not given, like in the original.</summary>
internal struct TextField
{
    private bool _seen;

    public ReadOnlyMemory<byte> Utf8 { get; private set; }

    /// <summary>Whether the field was there with any value but null or ""; a faulty one counts as given, its fault is told.</summary>
    public bool IsGiven { get; private set; }

    public readonly string? AsText() => IsGiven ? Encoding.UTF8.GetString(Utf8.Span) : null;

    /// <summary>Reads the value after the property name on which <paramref name="reader"/> stands.</summary>
    public void Read(ref Utf8JsonReader reader, string name, int maxBytes, FieldFaults faults)
    {
        if (_seen)
            faults.Add(name, FieldFaults.Repeated);
        _seen = true;

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return;

        IsGiven = true;
        if (reader.TokenType != JsonTokenType.String)
        {
            faults.Add(name, FieldFaults.NotText);
            reader.Skip();
            return;
        }

        var fault = Take(ref reader, maxBytes);
        if (fault is not null)
            faults.Add(name, fault);
        IsGiven = fault is not null || !Utf8.IsEmpty;
    }

    private string? Take(ref Utf8JsonReader reader, int maxBytes)
    {
        var unescaped = new byte[reader.ValueSpan.Length];
        try
        {
            Utf8 = unescaped.AsMemory(0, reader.CopyString(unescaped));
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are not UTF-8: PostgreSQL could never store it.
            return FieldFaults.NotAllowed;
        }

        if (Utf8.Length > maxBytes)
            return FieldFaults.TooLong;
        return Utf8.Span.Contains((byte)0) ? FieldFaults.NotAllowed : null;
    }
}
