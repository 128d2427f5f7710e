using System.Globalization;
using System.Runtime.InteropServices;
using Chatable.Bench.CommandLine;
using Chatable.Bench.Processes;

namespace Chatable.Bench.Report;

/// <summary>Under what the figures came about.</summary>
internal sealed record Conditions
{
    public required DateTimeOffset Date { get; init; }
    public required string Commit { get; init; }
    public required string Processor { get; init; }
    public required int Cores { get; init; }
    public required double MemoryGigabytes { get; init; }
    public required string System { get; init; }
    public required string Runtime { get; init; }
    public required string Postgres { get; init; }
    public required string Redis { get; init; }

    /// <summary>How the processors are shared out.</summary>
    public required string Sharing { get; init; }

    public required BenchOptions Options { get; init; }

    public static async Task<Conditions> ReadAsync(BenchOptions options, string sharing, CancellationToken cancellationToken) => new()
    {
        Date = TimeProvider.System.GetUtcNow(),
        Commit = await AskAsync("git", ["describe", "--always", "--dirty", "--abbrev=12"], cancellationToken),
        Processor = FieldOf("/proc/cpuinfo", "model name"),
        Cores = Environment.ProcessorCount,
        MemoryGigabytes = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1073741824.0, 1),
        System = $"{FieldOf("/etc/os-release", "PRETTY_NAME")}, Linux {Environment.OSVersion.Version}",
        Runtime = RuntimeInformation.FrameworkDescription,
        Postgres = await AskAsync(InstalledPrograms.Find("postgres"), ["--version"], cancellationToken),
        Redis = await AskAsync(InstalledPrograms.FindRedis(), ["--version"], cancellationToken),
        Sharing = sharing,
        Options = options,
    };

    public IEnumerable<string> Lines() =>
    [
        $"commit {Commit}, {Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC",
        $"{Cores} cores ({Processor}), {MemoryGigabytes} GB, {System}",
        $"{Runtime}; {Postgres}, fsync on; {string.Join(' ', Redis.Split(' ').Take(3))}",
        "load generator and servers on this one machine, " + Sharing,
        $"{Options.Rounds} round{(Options.Rounds == 1 ? "" : "s")} of {Options.Measured.TotalSeconds} s, "
            + $"{Options.Pairs} pairs, 64-byte texts"
            + (Options.Quick ? " — QUICK: too short to be quoted" : ""),
    ];

    // model name      : AMD EPYC …        PRETTY_NAME="Debian …"
    private static string FieldOf(string file, string field) =>
        File.Exists(file) && File.ReadLines(file).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOfAny([':', '=']) + 1)..].Trim().Trim('"')
            : "unknown";

    private static async Task<string> AskAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await ProcessRun.OfAsync(program, arguments, cancellationToken);
            return answer.ExitCode == 0 ? answer.Output.Trim() : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
