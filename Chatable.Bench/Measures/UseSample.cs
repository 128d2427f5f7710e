using System.Diagnostics;
using Chatable.Bench.Processes;

namespace Chatable.Bench.Measures;

/// <summary>Processor time and memory of a subject's processes, of this one, and of the machine, at one moment.</summary>
internal sealed class UseSample
{
    private readonly Dictionary<string, ProcessUse> _byProcess = [];
    private readonly CompilerUse _compiler;
    private TimeSpan _self = Environment.CpuUsage.TotalTime;
    private readonly TimeSpan _busy = MachineUse.ReadBusy();
    private readonly long _at = Stopwatch.GetTimestamp();

    private UseSample(CompilerUse compiler) => _compiler = compiler;

    /// <param name="processes">The subject's.</param>
    /// <param name="holder">A second one of the load generator, where there is one.</param>
    public static UseSample Take(IReadOnlyList<ServerProcess> processes, int? holder = null)
    {
        var sample = new UseSample(CompilerUse.Read(processes.Select(process => process.Id)));
        foreach (var process in processes)
        {
            sample._byProcess.TryGetValue(process.Name, out var sofar);
            var use = ProcessUse.Read(process.Id);
            sample._byProcess[process.Name] = new ProcessUse(sofar.Cpu + use.Cpu, sofar.Memory + use.Memory);
        }

        if (holder is { } id)
            sample._self += ProcessUse.Read(id).Cpu;
        return sample;
    }

    public TimeSpan Since(UseSample earlier) => Stopwatch.GetElapsedTime(earlier._at, _at);

    /// <summary>Processor seconds by process since then; processes of one name are one.</summary>
    public Dictionary<string, double> CpuSince(UseSample earlier) => _byProcess.ToDictionary(
        one => one.Key, one => Math.Round((one.Value.Cpu - earlier._byProcess[one.Key].Cpu).TotalSeconds, 2));

    public Dictionary<string, double> Megabytes() =>
        _byProcess.ToDictionary(one => one.Key, one => Math.Round(one.Value.Memory / 1048576.0, 1));

    /// <summary>Processor seconds spent on compiling again what is used most.</summary>
    public double CompilingSince(UseSample earlier) => Math.Round(_compiler.Since(earlier._compiler).TotalSeconds, 2);

    public double SelfSince(UseSample earlier) => Math.Round((_self - earlier._self).TotalSeconds, 2);

    /// <summary>
    /// The share of the machine's processors that neither the subject nor this process used: what the figures suffered from.
    /// </summary>
    public double OthersSince(UseSample earlier)
    {
        var ours = CpuSince(earlier).Values.Sum() + SelfSince(earlier);
        var seconds = Since(earlier).TotalSeconds * Environment.ProcessorCount;
        return Math.Round(Math.Max(0, (_busy - earlier._busy).TotalSeconds - ours) / seconds, 3);
    }
}
