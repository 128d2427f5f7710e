using System.Collections.Concurrent;

namespace Chatable.Tests.Faults.Workload;

/// <summary>Counts of a device's events.</summary>
internal sealed class DeviceCounts
{
    /// <summary>Frames that sent a message, including repeats.</summary>
    public int Attempts { get; set; }

    /// <summary>Messages whose connection ended before an answer arrived.</summary>
    public int Unsure { get; set; }

    /// <summary>Repeats that the server recognized.</summary>
    public int Suppressed { get; set; }

    public int Connections { get; set; }

    /// <summary>How often a server answered with a reset.</summary>
    public int Resets { get; set; }

    /// <summary>Closed connections by the server's close code.</summary>
    public ConcurrentDictionary<int, int> Closes { get; } = new();

    /// <summary>Errors by code.</summary>
    public ConcurrentDictionary<string, int> Errors { get; } = new();
}
