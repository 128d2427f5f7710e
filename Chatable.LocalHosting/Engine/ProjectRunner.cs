using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>Runs one replica of a project, as <c>dotnet {assembly}</c> in the project's folder.</summary>
internal sealed class ProjectRunner(ProjectResource project, EnvironmentComposer environment, HttpClient http) : IRunner
{
    public async Task<ProcessSpec> PrepareAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var assembly = project.Project.AssemblyPath;
        if (!File.Exists(assembly))
            throw new DistributedApplicationException($"'{project.Name}' has not been built: '{assembly}' is missing.");

        Dictionary<string, object> variables = [];
        foreach (var (name, value) in project.LaunchProfile?.EnvironmentVariables ?? new Dictionary<string, string>())
            variables[name] = value;
        if (instance.Ports.Count > 0)
            variables["ASPNETCORE_URLS"] = string.Join(';', instance.Ports.Select(port => Url("localhost", port.Value)));
        return new(ProgramPath.DotNet, assembly)
        {
            WorkingDirectory = Path.GetDirectoryName(project.Project.ProjectPath)!,
            Environment = await environment.ComposeAsync(instance, variables, cancellationToken),
        };
    }

    public async Task<bool> IsHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        foreach (var probe in project.Annotations.OfType<HttpHealthProbe>())
            if (!await AnswersAsync(probe, instance, cancellationToken))
                return false;
        return true;
    }

    public void CleanUp()
    {
    }

    private async Task<bool> AnswersAsync(HttpHealthProbe probe, ResourceInstance instance, CancellationToken cancellationToken)
    {
        if (!instance.Ports.TryGetValue(probe.EndpointName ?? "http", out var port))
            throw new DistributedApplicationException($"'{project.Name}' has a health check but no endpoint 'http' to ask.");
        try
        {
            using var response = await http.GetAsync($"{Url("127.0.0.1", port)}{probe.Path}", cancellationToken);
            return (int)response.StatusCode == probe.StatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Url(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}");
}

/// <summary>Runs a program that is no project.</summary>
internal sealed class ExecutableRunner(ExecutableResource executable, EnvironmentComposer environment) : IRunner
{
    public async Task<ProcessSpec> PrepareAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        // Asked here: what starts first is a guard program, which is there in any case.
        var program = Path.IsPathRooted(executable.Command) && File.Exists(executable.Command)
            ? executable.Command
            : ProgramPath.Find(executable.Command);
        if (program is null)
            throw new DistributedApplicationException($"The program '{executable.Command}' was not found.");
        return new(program, executable.Arguments)
        {
            WorkingDirectory = executable.WorkingDirectory,
            Environment = await environment.ComposeAsync(instance, [], cancellationToken),
        };
    }

    public Task<bool> IsHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken) => Task.FromResult(true);

    public void CleanUp()
    {
    }
}
