using System.Globalization;
using System.Text.RegularExpressions;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What one process uses after it has released what it can.</summary>
/// <param name="ProcessId">The current process of the node.</param>
/// <param name="Files">Open files and sockets.</param>
/// <param name="Heap">Bytes on its compacted heap.</param>
/// <param name="Memory">Bytes of resident memory.</param>
internal sealed partial record Usage(int ProcessId, int Files, long Heap, long Memory)
{
    /// <summary>The values of the process's own gauges, by name.</summary>
    public IReadOnlyDictionary<string, long> Gauges { get; init; } = new Dictionary<string, long>();

    /// <summary>The same files, by kind.</summary>
    public IReadOnlyDictionary<string, int> FilesByKind { get; init; } = new Dictionary<string, int>();

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Null if it is not running, or not on Linux.</summary>
    /// <exception cref="TimeoutException">The process does not report its heap.</exception>
    public static async Task<Usage?> OfAsync(Node node, CancellationToken cancellationToken)
    {
        if (node.ProcessId is not { } id || ProcessTable.OpenFiles(id) is not { } files)
            return null;
        var kinds = ProcessTable.OpenFilesByKind(id);
        var said = Heaps().Count(node.Output);
        Signals.Send(id, Signals.User);
        var until = Environment.TickCount64 + s_patience.TotalMilliseconds;
        while (Heaps().Count(node.Output) == said)
        {
            if (node.ProcessId != id)
                return null;
            if (Environment.TickCount64 > until)
                throw new TimeoutException($"{node.Name} does not report its heap.");
            await Task.Delay(50, cancellationToken);
        }

        var output = node.Output;
        var reports = Heaps().Matches(output);
        var heap = long.Parse(reports[^1].Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture);
        if (ProcessTable.Memory(id) is not { } memory)
            return null;
        var gauges = new Dictionary<string, long>();
        // Only from this report: a process that has just started does not have all gauges of its predecessor.
        foreach (Match match in GaugeLines().Matches(output, reports.Count > 1 ? reports[^2].Index : 0))
            gauges[match.Groups["name"].Value] = long.Parse(match.Groups["value"].ValueSpan, CultureInfo.InvariantCulture);
        return new Usage(id, files, heap, memory) { Gauges = gauges, FilesByKind = kinds };
    }

    // "gauge: chatable.realtime.connections 12", printed before the heap; see HeapReport
    [GeneratedRegex(@"^gauge: (?<name>[a-z_.]+) (?<value>-?\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex GaugeLines();

    // "heap: 12345678", see HeapReport
    [GeneratedRegex(@"^heap: (?<bytes>\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Heaps();
}
