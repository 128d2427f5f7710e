using Chatable.Tests.Support;
using k8s;
using k8s.Models;
using Npgsql;
using YamlDotNet.Core;

namespace Chatable.Tests.Deployment;

/// <summary>
/// <c>deploy/kubernetes</c> is valid for the Kubernetes API and matches the topology of the AppHost. No test here calls a cluster.
/// </summary>
public sealed class KubernetesTests
{
    private const string Component = "app.kubernetes.io/component", Name = "app.kubernetes.io/name";

    private static readonly Dictionary<string, string> s_meantToDiffer = new()
    {
        ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "Aspire publishes it for each project; here only services with an ingress have it",
        ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "Aspire's, for its dashboard",
        ["OTEL_SERVICE_NAME"] = "Aspire sets it when it starts a service, not when it publishes",
    };

    private static readonly KubernetesManifests[] s_all = [KubernetesManifests.Base, KubernetesManifests.Development, KubernetesManifests.Production];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void EveryFileIsListedAndEveryListedFileIsThere()
    {
        Assert.All(s_all, manifests =>
        {
            var (folders, files) = (
                manifests.Kustomization.Resources.Where(resource => !resource.EndsWith(".yaml", StringComparison.Ordinal)),
                manifests.Kustomization.Resources.Where(resource => resource.EndsWith(".yaml", StringComparison.Ordinal)));
            Assert.Equal(manifests.Files.Order(), files.Concat(manifests.Kustomization.Patches.Select(patch => patch.Path)).Order());
            Assert.All(folders, folder => Assert.Equal(KubernetesManifests.Base.Folder, Path.GetFullPath(Path.Combine(manifests.Folder, folder))));
            Assert.Equal("chatable", manifests.Kustomization.Namespace);
            Assert.Equal("chatable", Assert.Single(KubernetesManifests.Base.Resources.OfType<V1Namespace>()).Metadata.Name);
        });
        Assert.Equal(
            s_all.Select(manifests => manifests.Folder).Order(),
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy", "kubernetes"), "kustomization.*", SearchOption.AllDirectories)
                .Select(file => Path.GetDirectoryName(file)!).Order());
    }

    [Fact]
    public void EveryDocumentIsOfTheApiAndEveryPatchChangesSomethingThatIsThere()
    {
        Assert.All(s_all, manifests => Assert.NotEmpty(manifests.Resources));
        foreach (var patch in KubernetesManifests.Development.Patches.Concat(KubernetesManifests.Production.Patches))
        {
            Assert.Contains(
                KubernetesManifests.Base.Resources,
                resource => (resource.ApiVersion, resource.Kind, resource.Metadata.Name) == (patch.ApiVersion, patch.Kind, patch.Metadata.Name));
        }

        // Proof that the models reject unknown fields.
        Assert.Throws<YamlException>(() => KubernetesManifests.Parse(
            """
            apiVersion: v1
            kind: Service
            metadata:
              name: api
            spec:
              port: 80
            """));
    }

    [Fact]
    public async Task ItHasTheServicesOfTheAppHostAndNoOthers()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        Assert.Equal(
            services.Where(service => !service.IsJob).Select(service => service.Name).Order(),
            KubernetesManifests.Base.Resources.OfType<V1Deployment>().Select(deployment => deployment.Metadata.Name).Order());
        Assert.Equal(
            services.Where(service => service.IsJob).Select(service => service.Name).Order(),
            KubernetesManifests.Base.Resources.OfType<V1Job>().Select(job => job.Metadata.Name).Order());
    }

    [Fact]
    public async Task EachServiceHasTheSameEnvironmentAndItsSecretsByReference()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        AppHostService.HoldEnvironments(services, VariablesOf, s_meantToDiffer, name => Assert.Single(ContainerOf(name).Ports).ContainerPort);

        Assert.All(s_all, manifests => Assert.Empty(manifests.Resources.OfType<V1Secret>()));
        // The services do not get the owner's secrets, and the migrations do not get the services' secrets.
        Assert.Equal(["migrations"], SecretsOf("migrations").Select(secret => secret.Name).Distinct());
        Assert.DoesNotContain(SecretsOf("api").Concat(SecretsOf("fanout")), secret => secret.Name == "migrations");
    }

    [Fact]
    public async Task OnlyWhatIsExternalInTheAppHostIsReachedFromOutsideAndByTls()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var external = services.Where(service => service.IsExternal).Select(service => service.Name).Order().ToList();

        Assert.Equal(external, KubernetesManifests.Base.Resources.OfType<V1Service>().Select(service => service.Spec.Selector[Name]).Order());
        Assert.All(KubernetesManifests.Base.Resources.OfType<V1Service>(), service => Assert.Equal(
            Assert.Single(ContainerOf(service.Spec.Selector[Name]).Ports).Name, Assert.Single(service.Spec.Ports).TargetPort.Value));
        Assert.Empty(KubernetesManifests.Base.Resources.OfType<V1Ingress>().Concat(KubernetesManifests.Development.Resources.OfType<V1Ingress>()));

        var ingress = Assert.Single(KubernetesManifests.Production.Resources.OfType<V1Ingress>()).Spec;
        var rule = Assert.Single(ingress.Rules);
        Assert.Equal([rule.Host], Assert.Single(ingress.Tls).Hosts);
        Assert.NotEmpty(ingress.Tls.Single().SecretName);
        var path = Assert.Single(rule.Http.Paths);
        Assert.Equal(("/", "Prefix"), (path.Path, path.PathType));
        var target = KubernetesManifests.Base.Get<V1Service>(path.Backend.Service.Name);
        Assert.Equal(external, [target.Metadata.Name]);
        Assert.Contains(target.Spec.Ports, port => port.Name == path.Backend.Service.Port.Name);
    }

    [Fact]
    public async Task TheAppHostsReplicasAreInTheRange()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        foreach (var service in services.Where(service => !service.IsJob))
        {
            var replicas = KubernetesManifests.Base.Get<V1Deployment>(service.Name).Spec.Replicas;
            var scaler = KubernetesManifests.Base.Resources.OfType<V2HorizontalPodAutoscaler>()
                .SingleOrDefault(scaler => scaler.Spec.ScaleTargetRef.Name == service.Name);
            if (scaler is null)
            {
                Assert.Equal(service.Replicas, replicas);
                Assert.True(Assert.Single(KubernetesManifests.Production.Kustomization.Replicas).Count > replicas);
                continue;
            }

            // With an autoscaler, a fixed number would override the scale at each deployment.
            Assert.Null(replicas);
            Assert.Equal("Deployment", scaler.Spec.ScaleTargetRef.Kind);
            Assert.InRange(service.Replicas, scaler.Spec.MinReplicas!.Value, scaler.Spec.MaxReplicas);
            Assert.True(scaler.Spec.MinReplicas >= 2);
            var (development, production) = (ScaleOf(KubernetesManifests.Development, service), ScaleOf(KubernetesManifests.Production, service));
            Assert.Equal((1, 1), (development.MinReplicas, development.MaxReplicas));
            Assert.True(production.MinReplicas > scaler.Spec.MinReplicas);
            Assert.InRange(service.Replicas, production.MinReplicas!.Value, production.MaxReplicas);
        }
    }

    [Fact]
    public async Task EveryServiceIsProbedAndDrainedAsOnAzure()
    {
        var (probes, grace) = await Bicep.ProbesAsync(Cancelled);

        Assert.All(KubernetesManifests.Base.Resources.OfType<V1Deployment>(), deployment =>
        {
            var container = Assert.Single(deployment.Spec.Template.Spec.Containers);
            Assert.Equal(grace, deployment.Spec.Template.Spec.TerminationGracePeriodSeconds);
            foreach (var (type, probe) in new[] { ("Startup", container.StartupProbe), ("Liveness", container.LivenessProbe), ("Readiness", container.ReadinessProbe) })
            {
                var expected = probes.Single(one => one.GetProperty("type").GetString() == type);
                Assert.Equal(expected.GetProperty("httpGet").GetProperty("path").GetString(), probe.HttpGet.Path);
                Assert.Equal(Assert.Single(container.Ports).Name, probe.HttpGet.Port.Value);
                Assert.Equal(
                    (expected.GetProperty("periodSeconds").GetInt32(), expected.GetProperty("timeoutSeconds").GetInt32(), expected.GetProperty("failureThreshold").GetInt32()),
                    (probe.PeriodSeconds!.Value, probe.TimeoutSeconds!.Value, probe.FailureThreshold!.Value));
            }

            // Draining a node evicts one pod at a time. A rollout stops no pod before its replacement is ready.
            var budget = KubernetesManifests.Base.Get<V1PodDisruptionBudget>(deployment.Metadata.Name).Spec;
            Assert.Equal(deployment.Spec.Selector.MatchLabels, budget.Selector.MatchLabels);
            Assert.Equal("1", budget.MaxUnavailable.Value);
            Assert.Equal("0", deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.Value);
        });
    }

    /// <summary>Nothing orders a job before a deployment. The operator selects them by this label, as docs/kubernetes.md says.</summary>
    [Fact]
    public async Task WhatStartsAfterTheMigrationsCanBeLeftOutUntilTheyHaveSucceeded()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        var later = KubernetesManifests.Base.Resources.Where(resource => resource.GetLabel(Component) == "service").ToList();
        Assert.Equal(
            services.Where(service => service.StartsAfter.Count > 0).Select(service => service.Name).Order(),
            later.OfType<V1Deployment>().Select(deployment => deployment.Metadata.Name).Order());
        Assert.Equal(services.SelectMany(service => service.StartsAfter).Distinct(), KubernetesManifests.Base.Resources.OfType<V1Job>().Select(job => job.Metadata.Name));
        // The resources applied first include everything that the job needs, and nothing for a deployment.
        Assert.All(
            KubernetesManifests.Base.Resources.Except(later), resource => Assert.True(resource is V1Namespace or V1NetworkPolicy or V1Job, $"{resource.Kind} {resource.Metadata.Name}"));
        var words = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "kubernetes.md"), Cancelled);
        Assert.Contains($"-l '{Component}!=service'", words, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPodHasNoMoreRightsThanItNeeds()
    {
        var pods = s_all.SelectMany(manifests => manifests.Resources).Select(PodOf).OfType<V1PodSpec>().ToList();

        Assert.Equal(5, pods.Count);
        Assert.All(pods, pod =>
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.True(pod.SecurityContext.RunAsUser > 0);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.False(pod.EnableServiceLinks);
            var container = Assert.Single(pod.Containers);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Null(container.SecurityContext.Capabilities.Add);
            Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order());
            Assert.Equal(["memory"], container.Resources.Limits.Keys);
            // Each writable path is declared: each mount has a volume, and each volume a mount.
            Assert.Equal(pod.Volumes.Select(volume => volume.Name).Order(), container.VolumeMounts.Select(mount => mount.Name).Order());
        });
        Assert.Equal("restricted", Assert.Single(KubernetesManifests.Base.Resources.OfType<V1Namespace>()).GetLabel("pod-security.kubernetes.io/enforce"));
    }

    [Fact]
    public void NothingReachesAPodThatNoPolicyLetsIn()
    {
        var closed = KubernetesManifests.Base.Get<V1NetworkPolicy>("default-deny").Spec;
        Assert.Null(closed.PodSelector.MatchLabels);
        Assert.Null(closed.PodSelector.MatchExpressions);
        Assert.Equal(["Egress", "Ingress"], closed.PolicyTypes.Order());
        Assert.Null(closed.Ingress);
        Assert.Null(closed.Egress);

        var open = KubernetesManifests.Base.Resources.OfType<V1NetworkPolicy>().Where(policy => policy.Spec.Ingress is not null).ToList();
        Assert.Equal(["api"], open.Select(policy => policy.Spec.PodSelector.MatchLabels[Name]));
        Assert.Equal(["http"], open.Single().Spec.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value));
        var source = Assert.Single(Assert.Single(KubernetesManifests.Production.Patch<V1NetworkPolicy>("api").Spec.Ingress).FromProperty);
        Assert.Equal("ingress-nginx", source.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]);
    }

    [Fact]
    public async Task TheScriptOfTheDevelopmentOverlayMakesEverySecretThatIsReferred()
    {
        var (first, second) = (await SecretsAsync(), await SecretsAsync());

        var referred = KubernetesManifests.Base.Resources.Concat(KubernetesManifests.Development.Resources).Select(PodOf).OfType<V1PodSpec>().SelectMany(References).Distinct();
        Assert.Equal(
            referred.OrderBy(secret => secret.Name, StringComparer.Ordinal).ThenBy(secret => secret.Key, StringComparer.Ordinal),
            first.Keys.OrderBy(secret => secret.Name, StringComparer.Ordinal).ThenBy(secret => secret.Key, StringComparer.Ordinal));
        Assert.All(first, secret => Assert.NotEqual(secret.Value, second[secret.Key]));

        var (owner, service) = (new NpgsqlConnectionStringBuilder(first[("migrations", "chatdb")]), new NpgsqlConnectionStringBuilder(first[("stores", "chatdb")]));
        Assert.Equal((first[("development-stores", "postgres-password")], "postgres"), (owner.Password, owner.Host));
        Assert.Equal((first[("migrations", "service-password")], "chatable", "postgres"), (service.Password, service.Username, service.Host));
        var password = first[("stores", "redis")].Split("password=")[1];
        Assert.Contains($"user chatable on >{password} ", first[("development-stores", "redis.conf")], StringComparison.Ordinal);
        Assert.InRange(first[("token-secrets", "key")].Length, 32, 100);
    }

    private static async Task<Dictionary<(string Name, string Key), string>> SecretsAsync()
    {
        var script = Path.Combine(KubernetesManifests.Development.Folder, "secrets.sh");
        var text = (await ProcessRun.OfAsync("sh", [script], Cancelled)).Succeeded("secrets.sh").Output;
        return KubernetesManifests.Parse(text).Cast<V1Secret>()
            .SelectMany(secret => secret.StringData.Select(pair => (Secret: (secret.Metadata.Name, pair.Key), pair.Value)))
            .ToDictionary(pair => pair.Secret, pair => pair.Value);
    }

    private static V2HorizontalPodAutoscalerSpec ScaleOf(KubernetesManifests overlay, AppHostService service) =>
        overlay.Patch<V2HorizontalPodAutoscaler>(service.Name).Spec;

    private static V1PodSpec? PodOf(IKubernetesObject<V1ObjectMeta> resource) => resource switch
    {
        V1Deployment deployment => deployment.Spec.Template.Spec,
        V1Job job => job.Spec.Template.Spec,
        _ => null,
    };

    private static V1Container ContainerOf(string service) => Assert.Single(
        KubernetesManifests.Base.Resources.Where(resource => resource.Metadata.Name == service).Select(PodOf).OfType<V1PodSpec>().Single().Containers);

    private static Dictionary<string, string?> VariablesOf(string service) =>
        ContainerOf(service).Env.ToDictionary(variable => variable.Name, variable => variable.ValueFrom?.SecretKeyRef is null ? variable.Value : null);

    private static IEnumerable<(string Name, string Key)> SecretsOf(string service) => ContainerOf(service).Env
        .Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>().Select(secret => (secret.Name, secret.Key));

    private static IEnumerable<(string Name, string Key)> References(V1PodSpec pod) =>
        pod.Containers.SelectMany(container => container.Env ?? []).Select(variable => variable.ValueFrom?.SecretKeyRef)
            .OfType<V1SecretKeySelector>().Select(secret => (secret.Name, secret.Key))
            .Concat((pod.Volumes ?? []).Where(volume => volume.Secret is not null)
                .SelectMany(volume => volume.Secret.Items.Select(item => (volume.Secret.SecretName, item.Key))));
}
