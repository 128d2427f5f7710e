using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>The contents of the images for both platforms. Nothing is started: for linux/arm64 the base is an empty stand-in.</summary>
[Collection(ContainerTests.Name)]
public sealed partial class ImageTests(BuiltImages images)
{
    private static readonly Dictionary<string, string> s_programs = new()
    {
        ["api"] = "Chatable.ApiService",
        ["fanout"] = "Chatable.FanoutWorker",
        ["migrations"] = "Chatable.MigrationService",
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> All { get; } =
        new(BuiltImages.Services.SelectMany(_ => new[] { "amd64", "arm64" }, (service, architecture) => (service, architecture)));

    [Theory(Explicit = true)]
    [MemberData(nameof(All))]
    public async Task ItStartsOurProgramAsAUserWhoIsNotRoot(string service, string architecture)
    {
        var image = await ConfigurationAsync(service, architecture);

        Assert.Equal(("linux", architecture), (image.Text("os"), image.Text("architecture")));
        var config = image.GetProperty("config");
        Assert.Equal("1654", config.Text("User"));
        Assert.Equal("/app", config.Text("WorkingDir")!.TrimEnd('/'));
        string[] start = ["dotnet", $"/app/{s_programs[service]}.dll"];
        Assert.Equal(start, Strings(config, "Entrypoint").Concat(Strings(config, "Cmd")));
        // Only variables of the base image, none of ours.
        Assert.DoesNotContain(Strings(config, "Env"), variable => variable.Contains("ConnectionStrings", StringComparison.OrdinalIgnoreCase)
            || variable.Contains("Secret", StringComparison.OrdinalIgnoreCase) || variable.Contains("Password", StringComparison.OrdinalIgnoreCase));
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(All))]
    public async Task ItsLabelsSayWhatItIsAndFromWhichSource(string service, string architecture)
    {
        var labels = (await ConfigurationAsync(service, architecture)).GetProperty("config").GetProperty("Labels");

        Assert.Equal($"chatable-{service}", labels.Text("org.opencontainers.image.title"));
        Assert.Contains("Chatable", labels.Text("org.opencontainers.image.description"), StringComparison.Ordinal);
        Assert.Equal(BuiltImages.Version, labels.Text("org.opencontainers.image.version"));
        Assert.Equal("MIT", labels.Text("org.opencontainers.image.licenses"));
        Assert.Matches("^[0-9a-f]{40}$", labels.Text("org.opencontainers.image.revision"));
        Assert.StartsWith(images.Commit.Split('-')[0], labels.Text("org.opencontainers.image.revision"), StringComparison.Ordinal);
        // A multi-platform build splits values at colons.
        Assert.Equal(BuiltImages.Source, labels.Text("org.opencontainers.image.source"));
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(All))]
    public async Task ItHoldsTheProgramAndNothingElse(string service, string architecture)
    {
        await images.BuiltAsync();
        var repository = $"chatable/{service}";
        var manifest = await images.Registry.ManifestOfAsync(repository, BuiltImages.Version, architecture, Cancelled);
        var ofBase = await images.Registry.ManifestOfAsync("dotnet/aspnet", "10.0", architecture, Cancelled);
        var files = await images.Registry.FilesAsync(repository, Assert.Single(Digests(manifest).Except(Digests(ofBase))), Cancelled);

        Assert.Contains($"app/{s_programs[service]}.dll", files.Keys);
        Assert.All(files.Keys, file => Assert.StartsWith("app/", file, StringComparison.Ordinal));
        Assert.DoesNotContain(files.Keys, file => Unwanted().IsMatch(file));
        // The path of the build folder.
        Assert.Empty(files.Where(file => Has(file.Value, Encoding.UTF8, Repository.Root)).Select(file => file.Key));
        var texts = files.Where(file => Path.GetExtension(file.Key) is not (".dll" or ".pdb"));
        Assert.Empty(texts.Where(file => Secret().IsMatch(Encoding.UTF8.GetString(file.Value))).Select(file => file.Key));
    }

    [Theory(Explicit = true)]
    [InlineData("api")]
    [InlineData("fanout")]
    [InlineData("migrations")]
    public async Task OneNameIsForBothPlatformsAndBothTagsAreTheSameImage(string service)
    {
        await images.BuiltAsync();
        var byVersion = await images.Registry.ManifestAsync($"chatable/{service}", BuiltImages.Version, ImageRegistry.OciIndex, Cancelled);
        var byCommit = await images.Registry.ManifestAsync($"chatable/{service}", images.Commit, ImageRegistry.OciIndex, Cancelled);

        Assert.Equal(ImageRegistry.OciIndex, byVersion.Text("mediaType"));
        var entries = byVersion.GetProperty("manifests").EnumerateArray().ToList();
        Assert.Equal(
            ["linux/amd64", "linux/arm64"],
            entries.Select(entry => $"{entry.GetProperty("platform").Text("os")}/{entry.GetProperty("platform").Text("architecture")}").Order());
        Assert.All(entries, entry => Assert.Equal(ImageRegistry.OciManifest, entry.Text("mediaType")));
        Assert.Equal(byVersion.GetRawText(), byCommit.GetRawText());
    }

    [Fact(Explicit = true)]
    public async Task AnArchiveIsLoadedByAContainerRuntime()
    {
        await images.BuiltAsync();
        using var folder = new TestFolder();
        (await BuiltImages.MakeAsync(images.Registry, Cancelled, $"BASE={images.Registry.Base}", $"ARCHIVE={folder.Path}", "PLATFORMS=linux-x64"))
            .Succeeded("make images");

        foreach (var service in BuiltImages.Services)
        {
            var loaded = await Podman.RunAsync(Cancelled, "load", "--quiet", "--input", Path.Combine(folder.Path, $"{service}.tar.gz"));
            var names = loaded.Split(["Loaded image:", "\n", ",", " "], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var name = Assert.Single(names, name => name.EndsWith($"chatable/{service}:{BuiltImages.Version}", StringComparison.Ordinal));
            Assert.Equal("1654", await Podman.RunAsync(Cancelled, "image", "inspect", "--format", "{{.User}}", name));
            await Podman.RunAsync(Cancelled, ["rmi", "--force", .. names.Where(other => other.Contains($"chatable/{service}:", StringComparison.Ordinal))]);
        }
    }

    [Fact(Explicit = true)]
    public async Task ABaseThatIsNotThereIsToldInASentence()
    {
        await images.BuiltAsync();

        var made = await BuiltImages.MakeAsync(
            images.Registry, Cancelled, $"BASE={images.Registry.Address}/nobody/has:this", $"REGISTRY={images.Registry.Address}");

        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains("images: the image of api was not built: ", made.Errors, StringComparison.Ordinal);
        Assert.Contains($"the base was to be {images.Registry.Address}/nobody/has:this; another one can be given by BASE=.", made.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", made.Errors, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("REGISTRY and ARCHIVE exclude each other: give one of them.", "REGISTRY=localhost", "ARCHIVE=here")]
    [InlineData("PLATFORMS must be of linux-x64 and linux-arm64, but has 'windows'.", "PLATFORMS=windows")]
    [InlineData("VERSION must be such as 1.2.3 or 1.2.3-rc.1, but is 'one;two'.", "VERSION=one;two")]
    public async Task SettingsThatCannotBeUsedAreToldBeforeAnythingIsBuilt(string told, params string[] variables)
    {
        var made = await BuiltImages.MakeAsync(registry: null, Cancelled, variables);

        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains($"images: {told}\n", made.Errors, StringComparison.Ordinal);
        Assert.Equal("", made.Output);
    }

    private async Task<JsonElement> ConfigurationAsync(string service, string architecture)
    {
        await images.BuiltAsync();
        var manifest = await images.Registry.ManifestOfAsync($"chatable/{service}", BuiltImages.Version, architecture, Cancelled);
        return await images.Registry.ConfigurationAsync($"chatable/{service}", manifest, Cancelled);
    }

    private static IEnumerable<string> Digests(JsonElement manifest) =>
        manifest.GetProperty("layers").EnumerateArray().Select(layer => layer.Text("digest")!);

    private static string[] Strings(JsonElement config, string name) =>
        config.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : [];

    private static bool Has(byte[] content, Encoding encoding, string text) => content.AsSpan().IndexOf(encoding.GetBytes(text)) >= 0;

    // Source, settings of a developer's machine, keys, and build files.
    [GeneratedRegex(@"\.(cs|csproj|props|targets|sh|md|xml|config|env|pem|pfx|key|snk)$|appsettings|launchSettings|secrets|packages\.lock|/sdk/|Microsoft\.(Build|NET\.Build|CodeAnalysis)")]
    private static partial Regex Unwanted();

    [GeneratedRegex("Password=|PRIVATE KEY|TokenSecrets", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
