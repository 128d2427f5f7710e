using System.Diagnostics;

namespace Chatable.Bench.Report;

/// <summary>One line on the terminal that says what is going on; where the output is no terminal, a line for each step.</summary>
internal sealed class Progress(TextWriter output, bool isTerminal)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private string _step = "";
    private int _width;

    /// <summary>What is being done now.</summary>
    public void Step(string step)
    {
        _step = step;
        if (!isTerminal)
            output.WriteLine(step);
        else
            Show("");
    }

    /// <summary>A line that stays.</summary>
    public void Say(string line)
    {
        if (isTerminal)
            output.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
        output.WriteLine(line);
    }

    /// <summary>Waits, and says meanwhile what <paramref name="state"/> says.</summary>
    public async Task WatchAsync(TimeSpan time, Func<string> state, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var left = time; left > TimeSpan.Zero; left = time - Stopwatch.GetElapsedTime(begun))
        {
            await Task.Delay(left < s_interval ? left : s_interval, cancellationToken);
            if (isTerminal)
                Show(state());
        }
    }

    private void Show(string state)
    {
        var line = $"{_step}  {state}";
        output.Write($"\r{line.PadRight(_width)}");
        _width = line.Length;
    }
}
