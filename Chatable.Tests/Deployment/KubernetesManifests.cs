using Chatable.Tests.Support;
using k8s;
using k8s.Models;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Chatable.Tests.Deployment;

/// <summary>A folder of <c>deploy/kubernetes</c>, parsed with the models of the Kubernetes API. An unknown field fails.</summary>
internal sealed class KubernetesManifests
{
    private const string Listing = "kustomization.yaml";

    private static readonly IDeserializer s_yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();

    public KubernetesManifests(params string[] folder)
    {
        Folder = Path.Combine([Repository.Root, "deploy", "kubernetes", .. folder]);
        Kustomization = s_yaml.Deserialize<Kustomization>(File.ReadAllText(Path.Combine(Folder, Listing)));
        Resources = Read(Kustomization.Resources.Where(file => file.EndsWith(".yaml", StringComparison.Ordinal)));
        Patches = Read(Kustomization.Patches.Select(patch => patch.Path));
    }

    public static KubernetesManifests Base { get; } = new("base");

    public static KubernetesManifests Development { get; } = new("overlays", "development");

    public static KubernetesManifests Production { get; } = new("overlays", "production");

    public string Folder { get; }

    public Kustomization Kustomization { get; }

    /// <summary>All its files except the kustomization itself.</summary>
    public IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*.y*ml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file)).Where(file => file != Listing);

    /// <summary>The resources it adds to the folders that it lists.</summary>
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Resources { get; }

    /// <summary>The patches it applies to them, with only the changed fields.</summary>
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Patches { get; }

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Parse(string text) =>
        [.. KubernetesYaml.LoadAllFromString(text, typeMap: null, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    public T Get<T>(string name) where T : IKubernetesObject<V1ObjectMeta> => Resources.OfType<T>().Single(resource => resource.Metadata.Name == name);

    public T Patch<T>(string name) where T : IKubernetesObject<V1ObjectMeta> => Patches.OfType<T>().Single(patch => patch.Metadata.Name == name);

    private List<IKubernetesObject<V1ObjectMeta>> Read(IEnumerable<string> files) =>
        [.. files.SelectMany(file => Parse(File.ReadAllText(Path.Combine(Folder, file))))];
}

/// <summary>The part of the kustomization format that is used here. Any other field fails.</summary>
internal sealed class Kustomization
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Namespace { get; set; } = "";

    public List<CommonLabels> Labels { get; set; } = [];

    public List<string> Resources { get; set; } = [];

    public List<PatchFile> Patches { get; set; } = [];

    public List<ReplicaCount> Replicas { get; set; } = [];

    public List<ImageName> Images { get; set; } = [];

    internal sealed class CommonLabels
    {
        public Dictionary<string, string> Pairs { get; set; } = [];
    }

    internal sealed class PatchFile
    {
        public string Path { get; set; } = "";
    }

    internal sealed class ReplicaCount
    {
        public string Name { get; set; } = "";

        public int Count { get; set; }
    }

    internal sealed class ImageName
    {
        public string Name { get; set; } = "";

        public string NewName { get; set; } = "";

        public string NewTag { get; set; } = "";
    }
}
