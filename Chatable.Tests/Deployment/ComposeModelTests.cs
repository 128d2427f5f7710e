using System.Text.Json.Nodes;
using Chatable.Tests.Containers;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary><c>deploy/compose</c> matches the topology of the AppHost. No test here starts a container.</summary>
public sealed class ComposeModelTests
{
    private static readonly Dictionary<string, string> s_meantToDiffer = new()
    {
        ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "it would trust every proxy; here Http:KnownProxies names the proxies",
        ["HTTP_PORTS"] = "the images listen on 8080 by default",
        ["Http__KnownProxies__0"] = "the proxy on this machine",
        ["Http__KnownProxies__1"] = "the proxy on this machine",
        ["Http__KnownProxies__2"] = "the proxy on this machine",
        ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "Aspire's, for its dashboard",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "Aspire sets it when it starts a service, not when it publishes",
        ["OTEL_SERVICE_NAME"] = "Aspire sets it when it starts a service, not when it publishes",
    };

    /// <summary>By image name, which is the name of the AppHost's service. A service with two instances has two entries.</summary>
    private static readonly ILookup<string, KeyValuePair<string, JsonNode?>> s_services = ComposeFile.Document["services"]!.AsObject()
        .Where(service => Text(service.Value!["image"]).StartsWith("${CHATABLE_IMAGES", StringComparison.Ordinal))
        .ToLookup(service => Text(service.Value!["image"]).Split('/')[1].Split(':')[0]);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItHasTheServicesOfTheAppHostInItsOrder()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        Assert.Equal(services.Select(service => service.Name).Order(), s_services.Select(service => service.Key).Order());
        foreach (var service in services)
        {
            // At least two if the AppHost has several, for rolling updates; never more than the AppHost, for smaller machines.
            var instances = s_services[service.Name].Count();
            Assert.InRange(instances, service.Replicas > 1 ? 2 : 1, service.Replicas);
            Assert.All(s_services[service.Name], instance =>
            {
                var awaited = instance.Value!["depends_on"]!.AsObject().ToDictionary(one => one.Key, one => Text(one.Value!["condition"]));
                var before = awaited.Where(one => one.Value == "service_completed_successfully").Select(one => one.Key);
                Assert.Equal(service.StartsAfter, before);
                Assert.All(awaited.Values, condition => Assert.Contains(condition, (string[])["service_healthy", "service_completed_successfully"]));
                Assert.Equal(service.IsJob ? "no" : "unless-stopped", Text(instance.Value["restart"]));
            });
        }
    }

    [Fact]
    public async Task EachServiceHasTheSameEnvironmentAndItsSecretsFromAFile()
    {
        using var folder = new TestFolder();
        await MakeSecretsAsync(folder.Path);
        var services = await AppHostService.AllAsync(Cancelled);

        AppHostService.HoldEnvironments(services, name => VariablesOf(name, folder.Path), s_meantToDiffer);

        // The services' secrets do not contain the owner's password.
        var owner = await File.ReadAllTextAsync(Path.Combine(folder.Path, "postgres.env"), Cancelled);
        var password = owner.Trim().Split('=')[1];
        Assert.Contains(password, await File.ReadAllTextAsync(Path.Combine(folder.Path, "migrations.env"), Cancelled), StringComparison.Ordinal);
        foreach (var service in services.Where(service => !service.IsJob))
        {
            Assert.DoesNotContain(
                password, await File.ReadAllTextAsync(Path.Combine(folder.Path, $"{service.Name}.env"), Cancelled), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task OnlyWhatIsExternalInTheAppHostIsReachedFromOutsideAndThenByThisMachineOrTls()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var all = ComposeFile.Document["services"]!.AsObject();

        foreach (var service in services)
        {
            Assert.All(s_services[service.Name], instance =>
            {
                var ports = Texts(instance.Value!["ports"]);
                Assert.Equal(service.IsExternal ? 1 : 0, ports.Count);
                Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
                Assert.Equal(service.IsExternal, Texts(instance.Value["networks"]).Contains("front"));
            });
        }

        var open = all.Where(service => Texts(service.Value!["ports"]).Any(port => !port.StartsWith("127.0.0.1:", StringComparison.Ordinal)));
        Assert.Equal(["caddy"], open.Select(service => service.Key));
        Assert.Equal(["front"], Texts(all["caddy"]!["networks"]));
        Assert.Equal(["tls"], Texts(all["caddy"]!["profiles"]));
    }

    [Fact]
    public async Task TheStoresAreTheAppHostsAndEveryServiceIsAskedForItsHealthAndDrained()
    {
        var stores = JsonNode.Parse(await File.ReadAllTextAsync(AppHostManifest.Kept, Cancelled))!["resources"]!.AsObject()
            .Where(resource => resource.Value!["image"] is not null)
            .ToDictionary(resource => resource.Key, resource => Text(resource.Value!["image"]).Split("library/")[1]);
        var (_, grace) = await Bicep.ProbesAsync(Cancelled);

        Assert.All(stores, store => Assert.Equal(store.Value, Text(ComposeFile.Document["services"]![store.Key]!["image"])));
        Assert.Equal(2, stores.Count);
        var services = (await AppHostService.AllAsync(Cancelled)).Where(service => !service.IsJob);
        foreach (var instance in services.SelectMany(service => s_services[service.Name]))
        {
            Assert.Equal("health", Texts(instance.Value!["healthcheck"]!["test"])[^1]);
            Assert.Equal($"{grace}s", Text(instance.Value["stop_grace_period"]));
        }

        Assert.All(s_services.SelectMany(service => service), instance =>
        {
            Assert.Equal("true", Text(instance.Value!["read_only"]));
            Assert.Equal(["ALL"], Texts(instance.Value["cap_drop"]));
            Assert.NotEmpty(Text(instance.Value["mem_limit"]));
        });
    }

    private static async Task MakeSecretsAsync(string folder)
    {
        var script = Path.Combine(Path.GetDirectoryName(ComposeFile.Path)!, "secrets.sh");
        (await ProcessRun.OfAsync("sh", [script, folder], Cancelled)).Succeeded("secrets.sh");
    }

    // All instances of a service have the same variables. Secrets have no value here.
    private static Dictionary<string, string?> VariablesOf(string service, string secrets) => s_services[service]
        .Select(instance =>
        {
            var written = (instance.Value!["environment"]?.AsObject() ?? []).ToDictionary(one => one.Key, one => (string?)Text(one.Value));
            foreach (var file in Texts(instance.Value["env_file"]).Select(file => Path.GetFileName(file)))
            {
                foreach (var line in File.ReadLines(Path.Combine(secrets, file)))
                    written.Add(line.Split('=')[0], IsSecret(line.Split('=')[0]) ? null : line.Split('=')[1]);
            }

            return written;
        })
        .Aggregate((first, other) =>
        {
            Assert.Equal(first, other);
            return first;
        });

    private static bool IsSecret(string variable) =>
        variable.StartsWith("ConnectionStrings__", StringComparison.Ordinal) || variable.EndsWith("Password", StringComparison.Ordinal)
        || variable.EndsWith("Key", StringComparison.Ordinal);

    private static string Text(JsonNode? node) => node!.ToString();

    private static List<string> Texts(JsonNode? node) => node is null ? [] : [.. node.AsArray().Select(Text)];
}
