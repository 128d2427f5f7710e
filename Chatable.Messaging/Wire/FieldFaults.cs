using System.Collections;

namespace Chatable.Messaging.Wire;

/// <summary>The faults of a client's frame, with a fixed text for each field. Only the first fault of a field is kept.</summary>
public sealed class FieldFaults : IEnumerable<KeyValuePair<string, string>>
{
    public const string Required = "is required";
    public const string NotText = "is not a string";
    public const string TooLong = "is too long";
    public const string NotAllowed = "has characters that are not allowed";
    public const string Repeated = "is given twice";
    public const string NotInteger = "is not an integer";
    public const string OutOfRange = "is out of range";
    public const string NotKnown = "is not known";
    public const string NotAnObject = "not a JSON object";
    public const string Empty = "is empty";
    public const string NotUtf8 = "is not UTF-8";

    private List<KeyValuePair<string, string>>? _faults;

    public bool Any => _faults is not null;

    public static FieldFaults Of(string field, string fault)
    {
        var faults = new FieldFaults();
        faults.Add(field, fault);
        return faults;
    }

    /// <summary>Adds a fault. Null adds nothing.</summary>
    public void Add(string field, string? fault)
    {
        if (fault is not null)
            AddFirst(field, fault);
    }

    // A separate method, so that its closure is allocated only if there is a fault, which is rare.
    private void AddFirst(string field, string fault)
    {
        _faults ??= [];
        if (!_faults.Exists(known => known.Key == field))
            _faults.Add(new(field, fault));
    }

    internal void AddRequired(string field, TextField text) => Add(field, text.Fault ?? (text.IsGiven ? null : Required));

    /// <summary>Like <see cref="AddRequired"/>, for text that must be visible.</summary>
    internal void AddVisible(string field, TextField text) =>
        Add(field, text.Fault ?? (!text.IsGiven ? Required : BlankText.Is(text.Utf8) ? Empty : null));

    /// <summary>Whether this is the only fault.</summary>
    public bool IsOnly(string field, string fault) =>
        _faults is [var only] && only.Key == field && only.Value == fault;

    /// <summary>"field fault, field fault", for a protocol whose errors are one text.</summary>
    public override string ToString() => string.Join(", ", this.Select(fault => $"{fault.Key} {fault.Value}"));

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() =>
        (_faults ?? Enumerable.Empty<KeyValuePair<string, string>>()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
