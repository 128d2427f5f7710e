namespace Chatable.Tests.LocalHosting;

/// <summary>Files beside the AppHost that cannot be used: a sentence that names the file, not a stack trace.</summary>
public sealed class SettingsFileTests
{
    [Theory]
    [InlineData("{ not json")]
    [InlineData("[]")]
    public void SecretsThatAreNoObjectAreNotOverwritten(string content)
    {
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, "secrets.json");
        File.WriteAllText(file, content);

        var refused = Assert.Throws<DistributedApplicationException>(() => new UserSecretsFile(file).Set("Parameters:key", "value"));

        Assert.StartsWith($"The user secrets '{file}' cannot keep 'Parameters:key': ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(file));
    }

    [Fact]
    public void AFolderOfSecretsThatCannotBeMadeIsTold()
    {
        using var folder = new TestFolder();
        var inTheWay = Path.Combine(folder.Path, "usersecrets");
        File.WriteAllText(inTheWay, "");

        var secrets = new UserSecretsFile(Path.Combine(inTheWay, "secrets.json"));

        Assert.Throws<DistributedApplicationException>(() => secrets.Set("Parameters:key", "value"));
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData("""{"profiles": []}""")]
    [InlineData("""{"profiles": {"http": {"commandName": "Project", "applicationUrl": "no url"}}}""")]
    public void LaunchSettingsThatCannotBeUsedAreTold(string content)
    {
        using var folder = new TestFolder();
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.Path, "Properties")).FullName, "launchSettings.json");
        File.WriteAllText(file, content);

        var refused = Assert.Throws<DistributedApplicationException>(
            () => LaunchProfile.Find(Path.Combine(folder.Path, "Web.csproj"), preferredName: null));

        Assert.StartsWith($"The launch settings '{file}' cannot be used: ", refused.Message, StringComparison.Ordinal);
    }
}
