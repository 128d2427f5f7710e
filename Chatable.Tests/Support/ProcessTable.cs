using System.Globalization;
using System.Text;

namespace Chatable.Tests.Support;

/// <summary>What Linux says of processes in /proc. Of one that has gone, also while it is read, nothing.</summary>
internal static class ProcessTable
{
    public static IReadOnlyList<int> ChildrenOf(int processId) =>
        [.. Text(processId, $"task/{processId}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>The program and its arguments, each ended by a space.</summary>
    public static string CommandLine(int processId) => Text(processId, "cmdline").Replace('\0', ' ');

    /// <summary>What it was started with, as <c>name=value</c>; a program may have written over it.</summary>
    public static IReadOnlyList<string> Environment(int processId) =>
        Text(processId, "environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    // 4711 (name) S 1 …: Z is one that has ended and waits for its parent to take note.
    public static bool IsAlive(int processId) =>
        Text(processId, "stat") is { Length: > 0 } stat && !stat[stat.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);

    /// <summary>Open files and sockets; null where it cannot be told.</summary>
    public static int? OpenFiles(int processId)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Resident memory in bytes; null where it cannot be told.</summary>
    public static long? Memory(int processId)
    {
        // VmRSS:     123456 kB
        var line = Text(processId, "status").Split('\n').FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? null : long.Parse(line[6..^3].Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    private static string Text(int processId, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{processId}/{file}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
