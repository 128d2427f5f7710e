using System.Text.Json;

namespace Chatable.LocalHosting;

/// <summary>What a project's <c>Properties/launchSettings.json</c> says about running it.</summary>
internal sealed record LaunchProfile(string Name, IReadOnlyDictionary<string, string> EnvironmentVariables, IReadOnlyList<Uri> HttpUrls)
{
    private static readonly JsonDocumentOptions s_lenient =
        new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The profile named like the AppHost's own, else the first that runs the project; null without launch settings.</summary>
    /// <exception cref="DistributedApplicationException">The launch settings cannot be read.</exception>
    public static LaunchProfile? Find(string projectPath, string? preferredName)
    {
        var file = Path.Combine(Path.GetDirectoryName(projectPath)!, "Properties", "launchSettings.json");
        try
        {
            return File.Exists(file) ? FindIn(file, preferredName) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or UriFormatException)
        {
            throw new DistributedApplicationException($"The launch settings '{file}' cannot be used: {e.Message}", e);
        }
    }

    private static LaunchProfile? FindIn(string file, string? preferredName)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file), s_lenient);
        if (!document.RootElement.TryGetProperty("profiles", out var profiles))
            return null;
        var runnable = profiles.EnumerateObject()
            .Where(profile => profile.Value.TryGetProperty("commandName", out var command) && command.ValueEquals("Project"))
            .ToList();
        return runnable.Where(profile => profile.Name == preferredName).Concat(runnable).Select(Read).FirstOrDefault();
    }

    private static LaunchProfile Read(JsonProperty profile)
    {
        var variables = profile.Value.TryGetProperty("environmentVariables", out var environment)
            ? environment.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString() ?? "")
            : [];
        var urls = profile.Value.TryGetProperty("applicationUrl", out var applicationUrl) ? applicationUrl.GetString() ?? "" : "";
        // Only http: a replica behind the local front needs no certificate, and a developer certificate may not be there.
        return new(profile.Name, variables, [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(url => new Uri(url)).Where(url => url.Scheme == Uri.UriSchemeHttp).Take(1)]);
    }
}
