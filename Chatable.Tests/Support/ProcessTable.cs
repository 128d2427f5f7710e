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

    /// <summary>Open files and sockets by what they are: <c>socket</c>, <c>anon_inode</c>, <c>.dll</c> and other names' ends.</summary>
    public static IReadOnlyDictionary<string, int> OpenFilesByKind(int processId)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{processId}/fd")
                .Select(entry => new FileInfo(entry).LinkTarget)
                .OfType<string>()
                .GroupBy(KindOf)
                .ToDictionary(kind => kind.Key, kind => kind.Count());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Dictionary<string, int>();
        }
    }

    // socket:[1234], anon_inode:[eventpoll], /path/to/file.dll
    private static string KindOf(string target) =>
        target[0] != '/' && target.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            ? target[..colon]
            : Path.GetExtension(target) is { Length: > 0 } end ? end : target;

    /// <summary>How many files this process may open; null where it cannot be told.</summary>
    public static int? FileLimit()
    {
        // Max open files            20000                20000                files
        var line = Text(System.Environment.ProcessId, "limits").Split('\n')
            .FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            && int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : null;
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
