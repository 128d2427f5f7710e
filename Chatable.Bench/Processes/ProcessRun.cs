using System.Diagnostics;

namespace Chatable.Bench.Processes;

/// <summary>A program run to its end.</summary>
internal sealed record ProcessRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Both outputs.</summary>
    public string Text => Output + Errors;

    public static Task<ProcessRun> OfAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        OfAsync(new ProcessStartInfo(program, arguments), cancellationToken);

    /// <param name="start">The program, whose outputs are read.</param>
    /// <param name="cancellationToken">Ends the wait, and the program with all it has started.</param>
    /// <param name="meanwhile">What is done to the process with this id while it runs.</param>
    public static async Task<ProcessRun> OfAsync(
        ProcessStartInfo start, CancellationToken cancellationToken, Func<int, Task>? meanwhile = null)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            if (meanwhile is not null)
                await meanwhile(process.Id);
            await process.WaitForExitAsync(cancellationToken);
            return new ProcessRun(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <exception cref="InvalidOperationException">It ended with anything but 0.</exception>
    public ProcessRun Succeeded(string what) =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"{what} ended with {ExitCode}.\n{Text}");
}
