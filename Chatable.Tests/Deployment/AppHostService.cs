namespace Chatable.Tests.Deployment;

/// <summary>A service as the AppHost's model publishes it: what each way to deploy is held against.</summary>
/// <param name="Name">Also of its container, its unit and its app.</param>
/// <param name="IsJob">Whether others wait for it to end.</param>
/// <param name="IsExternal">Whether it is reached from outside.</param>
/// <param name="Replicas">How many the AppHost starts.</param>
/// <param name="StartsAfter">The jobs that have to succeed before it starts.</param>
/// <param name="Variables">Its environment, as the manifest has it: <c>{token-secrets-key.value}</c> and the like where it is no constant.</param>
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
#pragma warning disable CS0618 // Its successor takes a context of a run.
            var variables = await project.GetEnvironmentVariableValuesAsync(DistributedApplicationOperation.Publish);
#pragma warning restore CS0618
            services.Add(new(
                project.Name, jobs.Contains(project.Name),
                project.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal),
                project.GetReplicaCount(), [.. JobsBefore(project)], variables));
        }

        return services;
    }

    /// <summary>Whether a value of <see cref="Variables"/> has a secret in it: <c>{chatdb.connectionString}</c>, <c>{token-secrets-key.value}</c>.</summary>
    public static bool IsSecret(string value) =>
        value.Contains("connectionString", StringComparison.Ordinal) || value.Contains(".value}", StringComparison.Ordinal);

    /// <summary>The same variables for each service, with the same values, and secrets where the model has secrets.</summary>
    /// <param name="services">Of the model.</param>
    /// <param name="deployed">The variables of the service of that name; null for the value of one that is a secret and stands elsewhere.</param>
    /// <param name="meantToDiffer">The variables that are meant to differ, and why. One that does not differ any more fails.</param>
    /// <param name="portOf">Where the service of that name listens, where a variable says so.</param>
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
