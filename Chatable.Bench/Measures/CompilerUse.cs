using System.Globalization;

namespace Chatable.Bench.Measures;

/// <summary>
/// Processor time that .NET processes have spent so far on compiling again what they use most, by the threads they have for that. One
/// that ends has had nothing to do for seconds: what it spent before is not missed between two readings close together.
/// </summary>
internal sealed class CompilerUse
{
    // ".NET Tiered Compilation Worker": the kernel keeps 15 characters of a name.
    private const string ThreadName = ".NET Tiered Com";

    private readonly Dictionary<string, TimeSpan> _byThread = [];

    public static CompilerUse Read(IEnumerable<int> processIds)
    {
        var use = new CompilerUse();
        foreach (var thread in processIds.SelectMany(ThreadsOf))
            use.Add(thread);
        return use;
    }

    public TimeSpan Since(CompilerUse earlier) => _byThread.Aggregate(
        TimeSpan.Zero, (sum, thread) => sum + thread.Value - earlier._byThread.GetValueOrDefault(thread.Key));

    private static string[] ThreadsOf(int processId)
    {
        try
        {
            return Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/task"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private void Add(string thread)
    {
        try
        {
            if (File.ReadAllText(Path.Combine(thread, "comm")).TrimEnd() == ThreadName)
                _byThread[thread] = ProcessUse.CpuOf(File.ReadAllText(Path.Combine(thread, "stat")));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It ended between being listed and being read.
        }
    }
}
