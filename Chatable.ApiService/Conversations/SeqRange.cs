namespace Chatable.ApiService.Conversations;

/// <summary>
/// A page of a conversation as a range of its dense seqs, 1 to <paramref name="Last"/>, both ends included. The range is empty if
/// <paramref name="From"/> is above <paramref name="To"/>; it then still marks a position between two messages.
/// </summary>
internal readonly record struct SeqRange(long From, long To, long Last)
{
    /// <summary>The messages before a seq, or the latest of all.</summary>
    public static SeqRange Before(long? seq, int limit, long last)
    {
        var end = Math.Min(seq ?? long.MaxValue, last + 1);
        return new SeqRange(Math.Max(1, end - limit), end - 1, last);
    }

    public static SeqRange After(long seq, int limit, long last)
    {
        var start = Math.Min(seq, last);
        return new SeqRange(start + 1, Math.Min(start + limit, last), last);
    }

    /// <summary>A page with one message in the middle. Near either end of the conversation, a full page that contains it.</summary>
    public static SeqRange Around(long seq, int limit, long last)
    {
        var middle = Math.Min(seq, last);
        var start = Math.Max(1, Math.Min(middle - limit / 2, last - limit + 1));
        return new SeqRange(start, Math.Min(start + limit - 1, last), last);
    }

    public bool IsEmpty => From > To;

    public bool HasEarlier => From > 1;

    public bool HasLater => To < Last;
}
