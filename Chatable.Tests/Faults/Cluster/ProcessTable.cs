using System.Globalization;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>What Linux says of processes in /proc; elsewhere nothing.</summary>
internal static class ProcessTable
{
    public static IReadOnlyList<int> ChildrenOf(int processId)
    {
        var file = $"/proc/{processId}/task/{processId}/children";
        return File.Exists(file)
            ? [.. File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture))]
            : [];
    }

    /// <summary>Open files and sockets; null where it cannot be told.</summary>
    public static int? OpenFiles(int processId) =>
        Directory.Exists($"/proc/{processId}/fd") ? Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length : null;

    /// <summary>Resident memory in bytes; null where it cannot be told.</summary>
    public static long? Memory(int processId)
    {
        // VmRSS:     123456 kB
        var line = File.Exists($"/proc/{processId}/status")
            ? File.ReadLines($"/proc/{processId}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            : null;
        return line is null ? null : long.Parse(line[6..^3].Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
