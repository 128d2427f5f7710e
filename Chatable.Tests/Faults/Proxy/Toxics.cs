namespace Chatable.Tests.Faults.Proxy;

/// <summary>What a bad network does to the bytes of one direction. It applies to open connections as well as to new ones.</summary>
internal sealed record Toxics
{
    public static Toxics None { get; } = new();

    /// <summary>How late bytes arrive, this much <see cref="Jitter"/> more or less; their order stays.</summary>
    public TimeSpan Latency { get; init; }

    public TimeSpan Jitter { get; init; }

    /// <summary>The bandwidth, or 0 for as much as there is.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Bytes written at once, or 0 for as many as have come.</summary>
    public int SliceBytes { get; init; }

    /// <summary>Nothing is read any more, so that the sender's buffers fill; it goes on where it stopped.</summary>
    public bool Paused { get; init; }

    /// <summary>
    /// Everything is read and nothing written, the end of the connection neither. A connection that has lost bytes so is reset when
    /// this ends, since what follows would make no sense.
    /// </summary>
    public bool BlackHole { get; init; }

    /// <summary>The connection is reset when this many bytes have passed; the last of them still arrive.</summary>
    public long? CutAfterBytes { get; init; }

    /// <summary>The connection is cut when these bytes come by.</summary>
    public PatternCut? CutAt { get; init; }

    /// <summary>A connection becomes a black hole in this direction where these bytes come by, and remains one while this is set.</summary>
    public PatternCut? HoleAt { get; init; }

    public bool IsWayOff => BlackHole || Paused;
}

/// <param name="Pattern">May be split over any number of packets.</param>
/// <param name="Moment">Whether the receiver still sees it.</param>
internal sealed record PatternCut(ReadOnlyMemory<byte> Pattern, CutMoment Moment);

internal enum CutMoment
{
    /// <summary>The receiver sees what comes ahead of the pattern.</summary>
    Before,

    /// <summary>The receiver sees the pattern and acts on it; the sender never hears what came of it.</summary>
    After,
}
