using System.Xml.Linq;
using Chatable.Tests.Support;

namespace Chatable.Tests.Unit.Architecture;

public sealed class ProjectArrowsTests
{
    // The arrows of docs/architecture.md. The AppHost references the services as resources to start, not as code to call.
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Chatable.AppHost"] = ["Chatable.ApiService", "Chatable.FanoutWorker", "Chatable.MigrationService", "Chatable.Hosting", "Chatable.Messaging"],
        ["Chatable.ServiceDefaults"] = [],
        ["Chatable.Messaging"] = [],
        ["Chatable.ApiService"] = ["Chatable.Messaging", "Chatable.ServiceDefaults"],
        ["Chatable.FanoutWorker"] = ["Chatable.Messaging", "Chatable.ServiceDefaults"],
        ["Chatable.MigrationService"] = ["Chatable.ServiceDefaults"],
        ["Chatable.Hosting"] = [],
        // Calls the messaging library as the services do, and starts the services as programs.
        ["Chatable.Bench"] = ["Chatable.Messaging", "Chatable.ApiService", "Chatable.FanoutWorker", "Chatable.MigrationService"],
        // A reference to the client brings in nothing of the servers.
        ["Chatable.Client"] = [],
        ["Chat.Console"] = ["Chatable.Client"],
    };

    [Fact]
    public void EveryProjectRefersOnlyToThoseBelowIt()
    {
        var wrong =
            from project in Projects()
            where project != "Chatable.Tests"
            from reference in ReferencesOf(project)
            where !s_allowed.TryGetValue(project, out var allowed) || !allowed.Contains(reference)
            select $"{project} -> {reference}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void TheSolutionHoldsEveryProjectAndTheRuleNamesEach()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Chatable.sln"));

        Assert.All(Projects(), project => Assert.Contains($"{project}.csproj", solution, StringComparison.Ordinal));
        Assert.Equal(s_allowed.Keys.Append("Chatable.Tests").Order(), Projects().Order());
    }

    [Fact]
    public void TheAppHostLoadsNoServiceIntoItsOwnProcess()
    {
        var references = Project("Chatable.AppHost").Descendants("ProjectReference")
            .Where(reference => s_allowed.ContainsKey(NameOf(reference)) && NameOf(reference) is not ("Chatable.Hosting" or "Chatable.Messaging"));

        Assert.NotEmpty(references);
        Assert.Empty(typeof(Projects.Chatable_AppHost).Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name).Intersect(references.Select(NameOf)));
    }

    [Fact]
    public void TheClientIsTheOnlyPackage()
    {
        var all = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));

        Assert.Equal("false", all.Descendants("IsPackable").Single().Value);
        Assert.Equal(["Chatable.Client"], Projects().Where(project => Project(project).Descendants("IsPackable").Any(own => own.Value == "true")));
    }

    private static IEnumerable<string> Projects() =>
        Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)!);

    private static IEnumerable<string> ReferencesOf(string project) =>
        Project(project).Descendants("ProjectReference").Select(NameOf);

    private static XDocument Project(string project) =>
        XDocument.Load(Directory.EnumerateFiles(Repository.Root, $"{project}.csproj", SearchOption.AllDirectories).Single());

    private static string NameOf(XElement reference) => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!);
}
