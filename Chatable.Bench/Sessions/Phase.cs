using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;

namespace Chatable.Bench.Sessions;

/// <summary>A part of a session that starts what it needs and leaves nothing behind.</summary>
internal abstract class Phase(BenchOptions options, Progress progress)
{
    protected BenchOptions Options => options;

    protected Progress Progress => progress;

    /// <summary>Does nothing where none of its scenarios is asked for.</summary>
    public abstract Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken);

    protected bool IsAskedFor(string scenario) =>
        options.Only.Count == 0 ? !Scenarios.Long.Contains(scenario) : options.Only.Contains(scenario);

    protected bool IsAskedForSubject(string subject) => options.Subjects.Count == 0 || options.Subjects.Contains(subject);

    protected IEnumerable<int> Rounds => Enumerable.Range(1, options.Rounds);
}
