using System.Diagnostics;

namespace Chatable.Tests.Fanout;

/// <summary>Runs one command of the worker's program: the dead-letter command or another one.</summary>
internal static class DlqProcess
{
    public static Task<ProcessRun> RunAsync(string? redis, string prefix, string command, CancellationToken cancellationToken) => RunAsync(
        $"dlq {command}", [("ConnectionStrings__redis", redis), ("Chatable__KeyPrefix", prefix)], cancellationToken);

    public static Task<ProcessRun> RunAsync(
        string command, (string Name, string? Value)[] environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [WorkerProcess.Program(), .. command.Split(' ')]);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return ProcessRun.OfAsync(start, cancellationToken);
    }
}
