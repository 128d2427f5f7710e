using System.Globalization;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>A Linux control group (version 2 or 1) whose processes share a fraction of one processor.</summary>
internal sealed class CpuQuota : IAsyncDisposable
{
    private const int PeriodMicroseconds = 100_000;

    // Version 1 uses the second path, with a separate file for each setting.
    private static readonly string[] s_roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu"];

    private readonly string _root;
    private readonly string _folder;

    private CpuQuota(string root, string folder) => (_root, _folder) = (root, folder);

    /// <summary>Null if this machine or user does not support it.</summary>
    public static CpuQuota? TryCreate(double part)
    {
        foreach (var root in s_roots)
        {
            var folder = Path.Combine(root, $"chatable-faults-{Guid.NewGuid():N}");
            try
            {
                Directory.CreateDirectory(folder);
                if (TryLimit(folder, (int)(part * PeriodMicroseconds)))
                    return new CpuQuota(root, folder);
                Directory.Delete(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Try the next one, if any.
            }
        }

        return null;
    }

    public void Add(int processId) => Move(processId, _folder);

    public async ValueTask DisposeAsync()
    {
        // A group with processes cannot be removed, nor, for a moment, one whose last process has just left.
        for (var attempt = 0; attempt < 50 && Directory.Exists(_folder); attempt++)
        {
            foreach (var process in File.ReadAllLines(Path.Combine(_folder, "cgroup.procs")))
                Move(int.Parse(process, CultureInfo.InvariantCulture), _root);
            if (!TryRemove())
                await Task.Delay(20);
        }
    }

    private static bool TryLimit(string folder, int quota)
    {
        var (newer, older) = (Path.Combine(folder, "cpu.max"), Path.Combine(folder, "cpu.cfs_quota_us"));
        if (File.Exists(newer))
        {
            File.WriteAllText(newer, $"{quota} {PeriodMicroseconds}");
            return true;
        }

        if (!File.Exists(older))
            return false;
        File.WriteAllText(Path.Combine(folder, "cpu.cfs_period_us"), $"{PeriodMicroseconds}");
        File.WriteAllText(older, $"{quota}");
        return true;
    }

    private static void Move(int processId, string group)
    {
        try
        {
            File.WriteAllText(Path.Combine(group, "cgroup.procs"), $"{processId}");
        }
        catch (IOException)
        {
            // It has exited.
        }
    }

    private bool TryRemove()
    {
        try
        {
            Directory.Delete(_folder);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
