using System.Globalization;

namespace Chatable.Bench.Measures;

/// <summary>What a process has used so far, with its children where it has some; all from /proc.</summary>
/// <param name="Cpu">Of all its threads, and of children that have ended.</param>
/// <param name="Memory">Bytes of its own share (PSS), or all that is resident (RSS) where the share is not told.</param>
internal readonly record struct ProcessUse(TimeSpan Cpu, long Memory)
{
    private const int TicksPerSecond = 100;

    public static ProcessUse Read(int processId)
    {
        var self = ReadOne(processId);
        foreach (var child in ChildrenOf(processId))
        {
            var one = ReadOne(child);
            self = new ProcessUse(self.Cpu + one.Cpu, self.Memory + one.Memory);
        }

        return self;
    }

    private static ProcessUse ReadOne(int processId)
    {
        try
        {
            return new ProcessUse(CpuOf(File.ReadAllText($"/proc/{processId}/stat")), MemoryOf(processId));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    // 42 (a name) S …: utime, stime, cutime and cstime are the 14th to the 17th field; the name may hold spaces.
    internal static TimeSpan CpuOf(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    private static long MemoryOf(int processId) =>
        KilobytesOf($"/proc/{processId}/smaps_rollup", "Pss:") ?? KilobytesOf($"/proc/{processId}/status", "VmRSS:") ?? 0;

    // Pss:        123456 kB
    private static long? KilobytesOf(string file, string field)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) is { } line
                ? long.Parse(line[field.Length..^2].Trim(), CultureInfo.InvariantCulture) * 1024
                : null;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> ChildrenOf(int processId)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{processId}/task/{processId}/children")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
