using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chatable.LocalHosting;

/// <summary>The AppHost's user secrets, in the place and format of <c>dotnet user-secrets</c>; readable by their owner alone.</summary>
internal sealed class UserSecretsFile(string path)
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };
    private readonly Lock _lock = new();

    public string Path { get; } = path;

    public static UserSecretsFile For(string userSecretsId)
    {
        var applicationData = Environment.GetEnvironmentVariable("APPDATA");
        var folder = string.IsNullOrEmpty(applicationData)
            ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".microsoft", "usersecrets")
            : System.IO.Path.Combine(applicationData, "Microsoft", "UserSecrets");
        return new(System.IO.Path.Combine(folder, userSecretsId, "secrets.json"));
    }

    /// <summary>Keeps one value, leaving the others as they are. The file is replaced as a whole, never half written.</summary>
    /// <exception cref="DistributedApplicationException">The file cannot be read or written.</exception>
    public void Set(string key, string value)
    {
        try
        {
            lock (_lock)
                Replace(key, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new DistributedApplicationException($"The user secrets '{Path}' cannot keep '{key}': {e.Message}", e);
        }
    }

    private void Replace(string key, string value)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var secrets = File.Exists(Path) ? JsonNode.Parse(File.ReadAllText(Path))?.AsObject() ?? [] : [];
        secrets[key] = value;

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var unfinished = $"{Path}.{Environment.ProcessId}";
        using (var file = new StreamWriter(unfinished, options))
            file.Write(secrets.ToJsonString(s_indented));
        File.Move(unfinished, Path, overwrite: true);
    }
}
