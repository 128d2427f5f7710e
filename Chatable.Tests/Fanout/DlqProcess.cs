using System.Diagnostics;

namespace Chatable.Tests.Fanout;

/// <summary>One call of a command of the worker's program: the one for dead letters, or another.</summary>
internal sealed record DlqProcess(int ExitCode, string Output, string Errors)
{
    public static Task<DlqProcess> RunAsync(string? redis, string prefix, string command, CancellationToken cancellationToken) => RunAsync(
        $"dlq {command}", [("ConnectionStrings__redis", redis), ("Chatable__KeyPrefix", prefix)], cancellationToken);

    public static async Task<DlqProcess> RunAsync(
        string command, (string Name, string? Value)[] environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [WorkerProcess.Program(), .. command.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new(process.ExitCode, await output, await errors);
    }
}
