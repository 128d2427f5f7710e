using System.Diagnostics;

namespace Chatable.Tests.Support;

/// <summary>A program run to its end.</summary>
internal sealed record Command(int ExitCode, string Output, string Errors)
{
    /// <summary>Both outputs.</summary>
    public string Text => Output + Errors;

    public static async Task<Command> RunAsync(
        IReadOnlyDictionary<string, string> environment, string program, CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new Command(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The same, which must succeed.</summary>
    public Command Succeeded(string what)
    {
        Assert.True(ExitCode == 0, $"{what} ended with {ExitCode}.\n{Text}");
        return this;
    }
}
