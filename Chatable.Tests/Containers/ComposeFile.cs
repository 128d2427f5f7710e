using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary><c>deploy/compose/compose.yaml</c>, parsed.</summary>
internal static class ComposeFile
{
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "deploy", "compose", "compose.yaml");

    public static JsonObject Document { get; } = AsyncApi.Parse(File.ReadAllText(Path));

    /// <summary>The image of a service, by its name in podman.</summary>
    public static string ImageOf(string service) => $"docker.io/library/{Document["services"]![service]!["image"]!.GetValue<string>()}";
}
