using System.Globalization;

namespace Chatable.Bench.Measures;

/// <summary>Processor time the whole machine has spent so far, idle time aside.</summary>
internal static class MachineUse
{
    // cpu  user nice system idle iowait irq softirq steal guest guest_nice
    private const int Idle = 3, IoWait = 4, FirstGuest = 8;
    private const double TicksPerSecond = 100;

    public static TimeSpan ReadBusy() => BusyOf(File.ReadLines("/proc/stat").First());

    internal static TimeSpan BusyOf(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        // What guests use is in user and nice already.
        var ticks = fields.Take(FirstGuest).Where((_, i) => i is not (Idle or IoWait))
            .Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }
}
