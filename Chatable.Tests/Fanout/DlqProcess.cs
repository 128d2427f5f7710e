using System.Diagnostics;

namespace Chatable.Tests.Fanout;

/// <summary>One call of the worker's command for dead letters.</summary>
internal sealed record DlqProcess(int ExitCode, string Output, string Errors)
{
    public static async Task<DlqProcess> RunAsync(string? redis, string prefix, string command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [WorkerProcess.Program(), "dlq", .. command.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ConnectionStrings__redis"] = redis;
        start.Environment["Chatable__KeyPrefix"] = prefix;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new(process.ExitCode, await output, await errors);
    }
}
