using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary>The AppHost's manifest for deployment tools: a change of the topology shows as a change of the kept file.</summary>
public sealed class ManifestTests
{
    private static readonly string[] s_secrets =
        ["postgres-password", "redis-password", "chatdb-service-password", "redis-service-password", "token-secrets-key"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheKeptManifestIsWhatTheAppHostPublishesWithoutASecretOrAPathOfThisMachine()
    {
        // Secrets that an earlier run of the topology generated and kept.
        using var home = new TestFolder();
        var secrets = s_secrets.ToDictionary(name => $"Parameters:{name}", name => $"kept-from-an-earlier-run-{name}");
        var folder = Directory.CreateDirectory(Path.Combine(home.Path, ".microsoft", "usersecrets", "chatable-apphost"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "secrets.json"), JsonSerializer.Serialize(secrets), Cancelled);

        var published = await AppHostManifest.PublishAsync(home.Path, Cancelled);

        Assert.DoesNotContain("kept-from-an-earlier-run", published, StringComparison.Ordinal);
        foreach (var path in (string[])[Repository.Root, home.Path, Path.GetTempPath()])
            Assert.DoesNotContain(path, published, StringComparison.Ordinal);
        Assert.True(
            File.Exists(AppHostManifest.Kept) && (await File.ReadAllTextAsync(AppHostManifest.Kept, Cancelled)).TrimEnd('\n') == published,
            $"{Path.GetRelativePath(Repository.Root, AppHostManifest.Kept)} is not what the AppHost publishes. To accept it, renew "
            + $"the file from the root of the repository:\n  {AppHostManifest.Renewal}\nThe AppHost publishes:\n{published}");
    }

    [Fact]
    public async Task ItHasEveryVariableAndBindingOfTheServices()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var text = await File.ReadAllTextAsync(AppHostManifest.Kept, Cancelled);
        var resources = JsonElement.Parse(text).GetProperty("resources");

        Assert.All(services, service =>
        {
            var published = resources.GetProperty(service.Name);
            Assert.Equal(service.Variables.OrderBy(variable => variable.Key, StringComparer.Ordinal), Variables(published));
            Assert.Equal(
                service.IsExternal,
                published.TryGetProperty("bindings", out var bindings) && bindings.GetProperty("http").TryGetProperty("external", out _));
            Assert.Matches(@"^\.\./Chatable\.\w+/Chatable\.\w+\.csproj$", published.GetProperty("path").GetString());
        });
        // Aspire starts Redis with a shell command line; arguments after that line have no effect.
        Assert.EndsWith(" --appendonly yes", resources.GetProperty("redis").GetProperty("args").EnumerateArray().Last().GetString(), StringComparison.Ordinal);
        // Each secret is entered at deployment, or generated there.
        Assert.All(s_secrets, name =>
        {
            var value = resources.GetProperty(name).GetProperty("inputs").GetProperty("value");
            Assert.True(value.GetProperty("secret").GetBoolean());
            Assert.Equal($"{{{name}.inputs.value}}", resources.GetProperty(name).GetProperty("value").GetString());
        });
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables(JsonElement resource) => resource.GetProperty("env").EnumerateObject()
        .Select(variable => KeyValuePair.Create(variable.Name, variable.Value.GetString()!)).OrderBy(variable => variable.Key, StringComparer.Ordinal);
}
