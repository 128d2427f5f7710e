using System.Diagnostics;
using System.Reflection;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary>The AppHost's manifest for deployment tools: as Aspire writes it, and as the repository keeps it.</summary>
internal static class AppHostManifest
{
    /// <summary>Runs in the repository root; the output path is relative to the AppHost's folder.</summary>
    public const string Renewal =
        "dotnet run --project Chatable.AppHost -- --operation publish --step publish-manifest --output-path aspire-manifest.json";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public static string Kept { get; } = Path.Combine(Repository.Root, "Chatable.AppHost", "aspire-manifest.json");

    /// <summary>Publishes to a temporary folder.</summary>
    /// <param name="home">The home with the user's secrets; null for the home of the user who runs the tests.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The manifest, with paths as in the repository.</returns>
    public static async Task<string> PublishAsync(string? home, CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, "aspire-manifest.json");
        var configuration = typeof(AppHostManifest).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var start = new ProcessStartInfo("dotnet",
        [
            "run", "--no-build", "-c", configuration, "--launch-profile", "http", "--project", Path.Combine(Repository.Root, "Chatable.AppHost"),
            "--", "--operation", "publish", "--step", "publish-manifest", "--output-path", file,
        ]);
        // Connection strings set up for tests must not be published.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        if (home is not null)
        {
            start.Environment["NUGET_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
            start.Environment["HOME"] = home;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        var run = await ProcessRun.OfAsync(start, patience.Token);
        // Without the file nothing was published, whatever the exit code.
        Assert.True(run.ExitCode == 0 && File.Exists(file), $"No manifest was written.\n{run.Text}");

        // Paths are relative to the file. In the repository, the root is one folder up.
        var manifest = await File.ReadAllTextAsync(file, cancellationToken);
        return manifest.Replace(Path.GetRelativePath(folder.Path, Repository.Root).Replace('\\', '/'), "..", StringComparison.Ordinal)
            .ReplaceLineEndings("\n").TrimEnd('\n');
    }
}
