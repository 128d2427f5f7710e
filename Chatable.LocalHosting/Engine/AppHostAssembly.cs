using System.Reflection;

namespace Chatable.LocalHosting;

/// <summary>What Projects.targets wrote into the AppHost's assembly about where it came from.</summary>
internal sealed record AppHostAssembly(string Name, string Directory, string? UserSecretsId)
{
    public static AppHostAssembly Find(Assembly? entryPoint)
    {
        var assembly = entryPoint ?? Assembly.GetEntryAssembly();
        var metadata = assembly?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .ToLookup(attribute => attribute.Key, attribute => attribute.Value, StringComparer.OrdinalIgnoreCase);
        return new(
            assembly?.GetName().Name ?? "AppHost",
            metadata?["apphostprojectpath"].FirstOrDefault() ?? Environment.CurrentDirectory,
            metadata?["apphostusersecretsid"].FirstOrDefault());
    }
}
