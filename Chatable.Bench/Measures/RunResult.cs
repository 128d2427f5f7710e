namespace Chatable.Bench.Measures;

/// <summary>One measurement of one system. Times are milliseconds, memory is megabytes, processor time is seconds.</summary>
internal sealed record RunResult
{
    /// <summary>As <c>closed-16</c>: what was done.</summary>
    public required string Scenario { get; init; }

    /// <summary>To whom: a name of <see cref="Subjects.SubjectNames"/>.</summary>
    public required string Subject { get; init; }

    public required string Protocol { get; init; }

    public required int Round { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Messages delivered in a second of the measured time, or operations done.</summary>
    public required double PerSecond { get; init; }

    public Counts Counts { get; init; } = new();

    /// <summary>From the moment a message was due to its arrival at the other party.</summary>
    public Percentiles Delivery { get; init; } = new();

    /// <summary>From the moment a message was due to its ack.</summary>
    public Percentiles Ack { get; init; } = new();

    public Dictionary<string, double> Cpu { get; init; } = [];

    public double CpuPerThousand { get; init; }

    public Dictionary<string, double> Megabytes { get; init; } = [];

    /// <summary>What of it went into compiling again what is used most: much of it, and the system was not warm.</summary>
    public double Compiling { get; init; }

    /// <summary>Bytes that the processes with the clients' sockets allocated for each message; 0 where they do not tell.</summary>
    public double AllocatedPerMessage { get; init; }

    /// <summary>Of the load generator itself.</summary>
    public double LoadCpu { get; init; }

    /// <summary>The share of all processors that others used meanwhile.</summary>
    public double Others { get; init; }

    /// <summary>Anything else, by name with its unit.</summary>
    public Dictionary<string, double> Extra { get; init; } = [];

    public string? Trouble { get; init; }
}

/// <summary>What became of all messages of a run, warm-up included.</summary>
internal sealed record Counts
{
    public long Sent { get; init; }
    public long Delivered { get; init; }
    public long Acked { get; init; }
    public long Lost { get; init; }
    public long Duplicated { get; init; }

    /// <summary>Delivered after a later one, or given a place in a log that does not follow the one before.</summary>
    public long Reordered { get; init; }

    /// <summary>More than one of a message: allowed, and not counted against anybody.</summary>
    public long RepeatedAcks { get; init; }

    /// <summary>Brought to the wrong user, or refused.</summary>
    public long Strays { get; init; }

    public long Refused { get; init; }

    /// <summary>Counted by SQL; null where nothing is stored.</summary>
    public long? Stored { get; init; }

    public long NotStored => Stored is { } stored ? Math.Abs(Sent - stored) : 0;

    public bool AreRight => Lost == 0 && Duplicated == 0 && Reordered == 0 && Strays == 0 && Refused == 0 && NotStored == 0;
}
