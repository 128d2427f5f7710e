namespace Chatable.Tests.Deployment;

/// <summary>A service as the AppHost's model publishes it. Every kind of deployment is compared with it.</summary>
/// <param name="Name">Also the name of its container, unit or app.</param>
/// <param name="IsJob">Whether other services wait for it to complete.</param>
/// <param name="IsExternal">Whether it is reachable from outside.</param>
/// <param name="Replicas">How many replicas the AppHost starts.</param>
/// <param name="StartsAfter">The jobs that must succeed before it starts.</param>
/// <param name="Variables">Its environment as in the manifest: <c>{token-secrets-key.value}</c> or similar if it is not a constant.</param>
internal sealed record AppHostService(
    string Name, bool IsJob, bool IsExternal, int Replicas, IReadOnlyList<string> StartsAfter, IReadOnlyDictionary<string, string> Variables)
{
    public static async Task<IReadOnlyList<AppHostService>> AllAsync(CancellationToken cancellationToken)
    {
        await using var model = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(
            ["--operation", "publish", "--step", "publish-manifest"], cancellationToken);
        var projects = model.Resources.OfType<ProjectResource>().ToList();
        var jobs = projects.SelectMany(JobsBefore).ToHashSet();
        var services = new List<AppHostService>();
        foreach (var project in projects)
        {
#pragma warning disable CS0618 // Its successor requires the context of a run.
            var variables = await project.GetEnvironmentVariableValuesAsync(DistributedApplicationOperation.Publish);
#pragma warning restore CS0618
            services.Add(new(
                project.Name, jobs.Contains(project.Name),
                project.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal),
                project.GetReplicaCount(), [.. JobsBefore(project)], variables));
        }

        return services;
    }

    /// <summary>
    /// Whether a value of <see cref="Variables"/> contains a secret: <c>{chatdb.connectionString}</c>, <c>{token-secrets-key.value}</c>.
    /// </summary>
    public static bool IsSecret(string value) =>
        value.Contains("connectionString", StringComparison.Ordinal) || value.Contains(".value}", StringComparison.Ordinal);

    /// <summary>Asserts that each service has the same variables with the same values, and secrets where the model has secrets.</summary>
    /// <param name="services">The services of the model.</param>
    /// <param name="deployed">The variables of the service with this name; the value is null for a secret stored elsewhere.</param>
    /// <param name="meantToDiffer">The variables that are meant to differ, and why. Fails if one no longer differs.</param>
    /// <param name="portOf">The port of the service with this name, for a variable that contains it.</param>
    public static void HoldEnvironments(
        IEnumerable<AppHostService> services, Func<string, IReadOnlyDictionary<string, string?>> deployed,
        IReadOnlyDictionary<string, string> meantToDiffer, Func<string, int>? portOf = null)
    {
        var differ = new SortedSet<string>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var service in services)
        {
            var variables = deployed(service.Name);
            foreach (var name in service.Variables.Keys.Union(variables.Keys))
            {
                if (Difference(service, name, variables, portOf) is not { } difference)
                    continue;
                differ.Add(name);
                if (!meantToDiffer.ContainsKey(name))
                    faults.Add($"{service.Name}: {name} {difference}");
            }
        }

        Assert.Empty(faults);
        Assert.Equal(meantToDiffer.Keys.Order(StringComparer.Ordinal), differ);
    }

    private static string? Difference(
        AppHostService service, string name, IReadOnlyDictionary<string, string?> variables, Func<string, int>? portOf)
    {
        if (!service.Variables.TryGetValue(name, out var expected))
            return "is not in the AppHost";
        if (!variables.TryGetValue(name, out var actual))
            return "is only in the AppHost";
        if (IsSecret(expected))
            return actual is null ? null : "is a secret in the AppHost";
        if (portOf is not null && expected == $"{{{service.Name}.bindings.http.targetPort}}")
            expected = $"{portOf(service.Name)}";
        return actual == expected ? null : $"is '{expected}' in the AppHost, but '{actual ?? "a secret"}' here";
    }

    private static IEnumerable<string> JobsBefore(ProjectResource project) => project.Annotations.OfType<WaitAnnotation>()
        .Where(wait => wait.WaitType == WaitType.WaitForCompletion).Select(wait => wait.Resource.Name).Distinct();
}
