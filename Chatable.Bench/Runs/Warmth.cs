using Chatable.Bench.Measures;

namespace Chatable.Bench.Runs;

/// <summary>
/// Whether a system is warm, from one window of load to the next. What a message costs does not tell it alone: compiling goes on behind
/// a queue, in steps that may lie windows apart, and the code between them counts what it does, which makes it dearer than either.
/// </summary>
internal sealed class Warmth
{
    /// <summary>Of what it cost at best; less is an improvement.</summary>
    private const double Improvement = 0.9;

    /// <summary>Of the processor time of all its processes; more is compiling still.</summary>
    private const double Compiling = 0.01;

    /// <summary>Windows in a row.</summary>
    private const int Patience = 2;

    private double _best = double.MaxValue;
    private int _calm;

    /// <summary>The last windows were neither cheaper than those before nor spent compiling.</summary>
    public bool IsReached => _calm >= Patience;

    /// <summary>The last window, in words.</summary>
    public string State { get; private set; } = "cold";

    public void Add(RunResult window)
    {
        var share = window.Compiling / Math.Max(window.Cpu.Values.Sum(), 0.01);
        _calm = window.CpuPerThousand < _best * Improvement || share > Compiling ? 0 : _calm + 1;
        _best = Math.Min(_best, window.CpuPerThousand);
        State = $"{window.CpuPerThousand:0.000} s/1000, {share:P1} of it compiling";
    }
}
