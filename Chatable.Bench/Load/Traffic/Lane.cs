using Chatable.Bench.Load.Frames;
using Chatable.Bench.Measures;

namespace Chatable.Bench.Load.Traffic;

/// <summary>One author's messages to one recipient.</summary>
internal sealed class Lane(int number, MessageTemplate template)
{
    /// <summary>As many of a lane may be under way; more are not sent. A power of two.</summary>
    public const int MaxUnderWay = 4096;

    private readonly long[] _dueAt = new long[MaxUnderWay];

    public int Number => number;

    public required Client Author { get; init; }

    public required Client Recipient { get; init; }

    public long Sent { get; private set; }

    public Arrivals Delivered { get; } = new();

    public Arrivals Acknowledged { get; } = new();

    public bool IsFull => Sent - Delivered.Count >= MaxUnderWay || (Acknowledged.Count > 0 && Sent - Acknowledged.Count >= MaxUnderWay);

    /// <param name="due">From when on the message's time counts.</param>
    public void Send(long due)
    {
        _dueAt[Sent % MaxUnderWay] = due;
        Author.Send(template.Fill(Sent));
        Sent++;
    }

    public long DueAt(long index) => _dueAt[index % MaxUnderWay];
}
