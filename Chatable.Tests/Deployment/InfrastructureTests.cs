using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary>
/// <c>infra/</c> compiles without warnings and matches the topology of the AppHost: anything that exists on one side only fails. No test
/// here calls Azure.
/// </summary>
public sealed class InfrastructureTests
{
    private const string Apps = "Microsoft.App/containerApps", Jobs = "Microsoft.App/jobs";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // The variables that are meant to differ, and why.
    private static readonly Dictionary<string, string> s_meantToDiffer = new()
    {
        ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "Aspire publishes it for each project; here only services with an ingress have it",
        ["HTTP_PORTS"] = "the base image listens on 8080",
        ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "Aspire's, for its dashboard",
        ["OTEL_SERVICE_NAME"] = "Aspire sets it when it starts a service, not when it publishes",
    };

    [Fact]
    public async Task ItIsLintedWithoutAWarning()
    {
        var (exitCode, output, warnings) = await Bicep.RunAsync(Cancelled, "lint", Bicep.Infrastructure);

        Assert.Equal("", (output + warnings).Trim());
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task ItHasTheServicesOfTheAppHostAndNoOthers()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var resources = await Bicep.ResourcesAsync(Cancelled);

        Assert.Equal(services.Where(service => !service.IsJob).Select(service => service.Name).Order(), Names(resources[Apps]));
        Assert.Equal(services.Where(service => service.IsJob).Select(service => service.Name).Order(), Names(resources[Jobs]));
    }

    [Fact]
    public async Task EachServiceHasTheSameEnvironmentAndItsSecretsFromTheVault()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var resources = await Bicep.ResourcesAsync(Cancelled);
        var deployed = resources[Apps].Concat(resources[Jobs]).ToDictionary(service => service.GetProperty("name").GetString()!);

        AppHostService.HoldEnvironments(services, name => VariablesOf(deployed[name]), s_meantToDiffer);

        Assert.All(deployed.Values, service => Assert.All(
            Configuration(service).GetProperty("secrets").EnumerateArray(),
            secret => Assert.Equal(["identity", "keyVaultUrl", "name"], Properties(secret))));
    }

    [Fact]
    public async Task OnlyWhatIsExternalInTheAppHostIsReachedFromOutside()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var resources = await Bicep.ResourcesAsync(Cancelled);

        var external = services.Where(service => service.IsExternal).Select(service => service.Name);
        var reached = resources[Apps].Where(app => Configuration(app).TryGetProperty("ingress", out var ingress)
            && ingress.GetProperty("external").GetBoolean());
        Assert.Equal(external.Order(), Names(reached));
        Assert.All(reached, app => Assert.Equal(
            "none", Configuration(app).GetProperty("ingress").GetProperty("stickySessions").GetProperty("affinity").GetString()));
    }

    [Fact]
    public async Task TheAppHostsReplicasAreInTheRange()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var (_, output, _) = await Bicep.RunAsync(Cancelled, "build", "--stdout", Bicep.Infrastructure);
        var parameters = JsonElement.Parse(output).GetProperty("parameters");

        foreach (var service in services.Where(service => !service.IsJob))
        {
            var range = parameters.GetProperty($"{service.Name}Replicas").GetProperty("defaultValue");
            Assert.InRange(service.Replicas, range.GetProperty("least").GetInt32(), range.GetProperty("most").GetInt32());
        }
    }

    [Fact]
    public async Task EveryAppIsProbedWhereItAnswersAndHasTimeToDrain()
    {
        var resources = await Bicep.ResourcesAsync(Cancelled);

        Assert.All(resources[Apps], app =>
        {
            Assert.Equal("[variables('grace')]", Template(app).GetProperty("terminationGracePeriodSeconds").GetString());
            Assert.Contains("variables('probes')", Container(app).GetProperty("probes").GetString(), StringComparison.Ordinal);
        });
    }

    // An alert for a text that no code logs would never fire.
    [Fact]
    public async Task EveryAlertLooksForWordsThatTheCodeHas()
    {
        var sources = Directory.EnumerateDirectories(Repository.Root, "Chatable.*")
            .Where(folder => !folder.EndsWith(".Tests", StringComparison.Ordinal))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Select(File.ReadAllText).ToList();
        var alerts = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "infra", "modules", "alerts.bicep"), Cancelled);
        var words = alerts.Split("text: '").Skip(1).Select(rest => rest[..rest.IndexOf('\'', StringComparison.Ordinal)]).ToList();

        Assert.NotEmpty(words);
        Assert.All(words, text => Assert.Contains(sources, source => source.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TheStoresAreAsTheServicesNeedThem()
    {
        var resources = await Bicep.ResourcesAsync(Cancelled);

        var redis = Assert.Single(resources["Microsoft.Cache/redisEnterprise/databases"]).GetProperty("properties");
        Assert.Equal("NoCluster", redis.GetProperty("clusteringPolicy").GetString());
        Assert.Equal("NoEviction", redis.GetProperty("evictionPolicy").GetString());
        Assert.True(redis.GetProperty("persistence").GetProperty("aofEnabled").GetBoolean());
        Assert.Equal("Encrypted", redis.GetProperty("clientProtocol").GetString());
        var postgres = Assert.Single(resources["Microsoft.DBforPostgreSQL/flexibleServers"]).GetProperty("properties");
        Assert.Equal("Disabled", postgres.GetProperty("network").GetProperty("publicNetworkAccess").GetString());
    }

    private static Dictionary<string, string?> VariablesOf(JsonElement service) => Container(service).GetProperty("env").EnumerateArray()
        .ToDictionary(
            variable => variable.GetProperty("name").GetString()!,
            variable => variable.TryGetProperty("secretRef", out _) ? null : variable.GetProperty("value").GetString());

    private static IEnumerable<string> Names(IEnumerable<JsonElement> resources) =>
        resources.Select(resource => resource.GetProperty("name").GetString()!).Order();

    private static IEnumerable<string> Properties(JsonElement element) => element.EnumerateObject().Select(property => property.Name).Order();

    private static JsonElement Configuration(JsonElement service) => service.GetProperty("properties").GetProperty("configuration");

    private static JsonElement Template(JsonElement service) => service.GetProperty("properties").GetProperty("template");

    private static JsonElement Container(JsonElement service) => Assert.Single(Template(service).GetProperty("containers").EnumerateArray());
}
