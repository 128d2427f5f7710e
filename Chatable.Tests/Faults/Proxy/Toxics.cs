namespace Chatable.Tests.Faults.Proxy;

/// <summary>The effects of a bad network on one direction. They apply to open and to new connections.</summary>
internal sealed record Toxics
{
    public static Toxics None { get; } = new();

    /// <summary>The delay of bytes, plus or minus <see cref="Jitter"/>; their order stays.</summary>
    public TimeSpan Latency { get; init; }

    public TimeSpan Jitter { get; init; }

    /// <summary>The bandwidth; 0 for unlimited.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Bytes per write; 0 for as many as have arrived.</summary>
    public int SliceBytes { get; init; }

    /// <summary>Nothing is read, so that the sender's buffers fill up; later it continues where it stopped.</summary>
    public bool Paused { get; init; }

    /// <summary>
    /// Everything is read and nothing is written, not even the end of the connection. A connection that lost bytes this way is reset when
    /// this ends, since what follows would make no sense.
    /// </summary>
    public bool BlackHole { get; init; }

    /// <summary>The connection is reset after this many bytes; the last of them still arrive.</summary>
    public long? CutAfterBytes { get; init; }

    /// <summary>The connection is cut when these bytes pass.</summary>
    public PatternCut? CutAt { get; init; }

    /// <summary>A connection becomes a black hole in this direction when these bytes pass, and remains one while this is set.</summary>
    public PatternCut? HoleAt { get; init; }

    public bool IsWayOff => BlackHole || Paused;
}

/// <param name="Pattern">The bytes, which may be split over any number of packets.</param>
/// <param name="Moment">Whether the receiver still gets them.</param>
internal sealed record PatternCut(ReadOnlyMemory<byte> Pattern, CutMoment Moment);

internal enum CutMoment
{
    /// <summary>The receiver gets only what precedes the pattern.</summary>
    Before,

    /// <summary>The receiver gets the pattern and acts on it; the sender never learns the result.</summary>
    After,
}
