using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Chatable.Hosting;

public static class ServerExecutableBuilderExtensions
{
    /// <summary>
    /// Keeps the data between runs in a local folder. Without it, the data is deleted with the server. Two distributed applications cannot
    /// use one folder at the same time: the second server waits for the first, and fails after half a minute.
    /// </summary>
    /// <param name="builder">The server.</param>
    /// <param name="folder">A full path. The folder is created if it is missing.</param>
    public static IResourceBuilder<T> WithDataFolder<T>(this IResourceBuilder<T> builder, string folder)
        where T : ServerExecutableResource =>
        builder.WithAnnotation(new DataFolderAnnotation(folder), ResourceAnnotationMutationBehavior.Replace);

    internal static IResourceBuilder<T> AddServer<T>(this IDistributedApplicationBuilder builder, T server, string iconName)
        where T : ServerExecutableResource
    {
        // The scripts use the process id to determine the owner of a folder.
        var temporary = Path.Combine(
            Path.GetTempPath(),
            $"chatable-{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}-{server.Name}");
        return builder.AddResource(server)
            // No proxy between a store and its clients. The orchestrator chooses the port and passes it to the script.
            .WithEndpoint(name: ServerExecutableResource.EndpointName, scheme: "tcp", env: "SERVER_PORT", isProxied: false)
            .WithEnvironment("SERVER_PASSWORD", server.PasswordParameter)
            .WithArgs(context =>
            {
                context.Args.Add(server.Script);
                var kept = server.Annotations.OfType<DataFolderAnnotation>().LastOrDefault();
                context.Args.Add(kept?.Folder ?? temporary);
                context.Args.Add(kept is null ? "discard" : "keep");
            })
            .WithIconName(iconName)
            .ExcludeFromManifest();
    }

    private sealed record DataFolderAnnotation(string Folder) : IResourceAnnotation;
}
