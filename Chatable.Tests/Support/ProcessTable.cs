using System.Globalization;
using System.Text;

namespace Chatable.Tests.Support;

/// <summary>Information about processes from Linux' /proc. Empty for a process that has exited, even during the read.</summary>
internal static class ProcessTable
{
    public static IReadOnlyList<int> ChildrenOf(int processId) =>
        [.. Text(processId, $"task/{processId}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>The program and its arguments, each followed by a space.</summary>
    public static string CommandLine(int processId) => Text(processId, "cmdline").Replace('\0', ' ');

    /// <summary>Its initial environment, as <c>name=value</c>; the program may have overwritten it.</summary>
    public static IReadOnlyList<string> Environment(int processId) =>
        Text(processId, "environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    // 4711 (name) S 1 …: Z is a process that has exited and was not reaped by its parent yet.
    public static bool IsAlive(int processId) =>
        Text(processId, "stat") is { Length: > 0 } stat && !stat[stat.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);

    /// <summary>Open files and sockets; null if unknown.</summary>
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

    /// <summary>Open files and sockets by kind: <c>socket</c>, <c>anon_inode</c>, <c>.dll</c> and other extensions.</summary>
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

    /// <summary>How many files this process may open; null if unknown.</summary>
    public static int? FileLimit()
    {
        // Max open files            20000                20000                files
        var line = Text(System.Environment.ProcessId, "limits").Split('\n')
            .FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            && int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    /// <summary>Resident memory in bytes; null if unknown.</summary>
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
