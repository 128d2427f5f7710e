using System.Reflection;
using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Deployment;

/// <summary>The Bicep compiler, from its package, and its output for <c>infra/main.bicep</c>.</summary>
internal static class Bicep
{
    private static readonly Lazy<string> s_program = new(FindProgram);

    public static string Infrastructure { get; } = Path.Combine(Repository.Root, "infra", "main.bicep");

    public static Task<ProcessRun> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        ProcessRun.OfAsync(s_program.Value, arguments, cancellationToken);

    /// <summary>All resources of the template by type, including those of nested deployments.</summary>
    public static async Task<ILookup<string, JsonElement>> ResourcesAsync(CancellationToken cancellationToken)
    {
        var (exitCode, output, warnings) = await RunAsync(cancellationToken, "build", "--stdout", Infrastructure);
        Assert.True(exitCode == 0, warnings);
        return Resources(JsonElement.Parse(output)).ToLookup(resource => resource.GetProperty("type").GetString()!);
    }

    /// <summary>The probes of every app, and its grace period in seconds.</summary>
    public static async Task<(IReadOnlyList<JsonElement> Probes, long? Grace)> ProbesAsync(CancellationToken cancellationToken)
    {
        var (exitCode, output, warnings) = await RunAsync(cancellationToken, "build", "--stdout", Path.Combine(Repository.Root, "infra", "modules", "apps.bicep"));
        Assert.True(exitCode == 0, warnings);
        var variables = JsonElement.Parse(output).GetProperty("variables");
        return ([.. variables.GetProperty("probes").EnumerateArray()], variables.GetProperty("grace").GetInt64());
    }

    // With symbolic names, resources are properties of an object; otherwise elements of an array.
    private static IEnumerable<JsonElement> Resources(JsonElement template)
    {
        var resources = template.GetProperty("resources");
        var all = resources.ValueKind == JsonValueKind.Array
            ? resources.EnumerateArray()
            : resources.EnumerateObject().Select(property => property.Value);
        foreach (var resource in all)
        {
            if (resource.GetProperty("type").GetString() != "Microsoft.Resources/deployments")
            {
                yield return resource;
                continue;
            }

            foreach (var nested in Resources(resource.GetProperty("properties").GetProperty("template")))
                yield return nested;
        }
    }

    // NuGet unpacks packages without the execute permission.
    private static string FindProgram()
    {
        var program = typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "BicepProgram").Value!;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
        return program;
    }
}
