using Microsoft.Extensions.Hosting;

namespace Chatable.LocalHosting;

/// <summary>Makes the processes-to-be of a model: their ids, their ports and how each is run.</summary>
internal sealed class InstanceFactory(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceOutput output, EngineOptions options,
    IHostEnvironment environment, HttpClient http)
{
    private readonly EnvironmentComposer _environment = new(environment);

    public IEnumerable<ResourceInstance> Create() => model.Resources.SelectMany(resource => resource switch
    {
        ProjectResource project => Enumerable.Range(0, project.GetReplicaCount()).Select(_ => Create(project)),
        ExecutableResource executable => [Create(executable, new ExecutableRunner(executable, _environment))],
        PostgresServerResource { IsExternal: false } postgres => [Create(postgres, new PostgresRunner(postgres, options))],
        RedisResource { ConfiguredConnectionString: null } redis => [Create(redis, new RedisRunner(redis, options))],
        _ => Array.Empty<ResourceInstance>(),
    });

    private ResourceInstance Create(ProjectResource project) =>
        new(project, new ProjectRunner(project, _environment, http), notifications, output, options)
        {
            Ports = project.Endpoints.ToDictionary(endpoint => endpoint.Name, _ => FreePorts.Take()),
        };

    private ResourceInstance Create(Resource resource, IRunner runner)
    {
        if (resource is ServerResource { Port: 0 } server)
            server.Port = FreePorts.Take();
        return new(resource, runner, notifications, output, options);
    }
}
