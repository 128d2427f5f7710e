using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary><c>deploy/compose/compose.yaml</c> as it is written.</summary>
internal static class ComposeFile
{
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "deploy", "compose", "compose.yaml");

    public static JsonObject Document { get; } = AsyncApi.Parse(File.ReadAllText(Path));

    /// <summary>The image of one of its services, by the name that podman keeps it under.</summary>
    public static string ImageOf(string service) => $"docker.io/library/{Document["services"]![service]!["image"]!.GetValue<string>()}";
}
