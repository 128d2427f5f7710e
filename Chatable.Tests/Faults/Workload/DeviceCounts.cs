using System.Collections.Concurrent;

namespace Chatable.Tests.Faults.Workload;

/// <summary>What a device has been through.</summary>
internal sealed class DeviceCounts
{
    /// <summary>Frames that sent a message, first ones and repeats.</summary>
    public int Attempts { get; set; }

    /// <summary>Messages whose connection ended before a word of them came.</summary>
    public int Unsure { get; set; }

    /// <summary>Repeats the server has told from new messages.</summary>
    public int Suppressed { get; set; }

    public int Connections { get; set; }

    /// <summary>Times a server knew another past than the device.</summary>
    public int Resets { get; set; }

    /// <summary>Connections by the server's close code.</summary>
    public ConcurrentDictionary<int, int> Closes { get; } = new();

    /// <summary>Errors by their code.</summary>
    public ConcurrentDictionary<string, int> Errors { get; } = new();
}
