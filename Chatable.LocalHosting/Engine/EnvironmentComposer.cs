using Microsoft.Extensions.Hosting;

namespace Chatable.LocalHosting;

/// <summary>The environment of a service's process: the same variables as Aspire gives it.</summary>
internal sealed class EnvironmentComposer(IHostEnvironment host)
{
    private readonly DistributedApplicationExecutionContext _context = new();

    /// <param name="instance">The replica that will see it.</param>
    /// <param name="variables">What it starts from; the resource's own declarations win.</param>
    /// <param name="cancellationToken">Ends the resolving of values.</param>
    public async Task<Dictionary<string, string>> ComposeAsync(
        ResourceInstance instance, Dictionary<string, object> variables, CancellationToken cancellationToken)
    {
        // One of the two decides; where a launch profile sets one, the other must not speak against it.
        if (!variables.ContainsKey("ASPNETCORE_ENVIRONMENT") && !variables.ContainsKey("DOTNET_ENVIRONMENT"))
            variables["DOTNET_ENVIRONMENT"] = host.EnvironmentName;
        variables["OTEL_SERVICE_NAME"] = instance.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance.Suffix}";
        EnvironmentCallbackContext context = new(_context, instance.Resource, variables, cancellationToken);
        foreach (var annotation in instance.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);

        Dictionary<string, string> resolved = [];
        foreach (var (name, value) in variables)
            resolved[name] = value is ParameterResource parameter
                ? await parameter.GetValueAsync(cancellationToken) ?? ""
                : value.ToString() ?? "";
        return resolved;
    }
}
