using System.Text.Json;

namespace Chatable.Bench.Report;

/// <summary>The files a session leaves.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions s_json =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <returns>Their names.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(BenchReport report, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        (string Name, string Text)[] files =
        [
            ("results.json", JsonSerializer.Serialize(report, s_json)),
            ("results.md", MarkdownReport.Write(report)),
            ("results.svg", BarChart.Write(report)),
        ];
        foreach (var (name, text) in files)
            await File.WriteAllTextAsync(Path.Combine(folder, name), text, cancellationToken);
        return [.. files.Select(file => Path.Combine(folder, file.Name))];
    }
}
