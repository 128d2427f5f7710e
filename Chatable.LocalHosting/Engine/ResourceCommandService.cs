namespace Chatable.LocalHosting;

/// <summary>Starts, stops and restarts single processes of a running topology; tests make faults with it.</summary>
public sealed class ResourceCommandService
{
    private readonly Topology _topology;

    internal ResourceCommandService(Topology topology) => _topology = topology;

    /// <param name="resourceId">A resource id, or the name of a resource with one process.</param>
    /// <param name="commandName">One of <see cref="KnownResourceCommands"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the command.</param>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var matches = _topology.Instances.Where(instance => instance.Id == resourceId).ToList();
        if (matches.Count == 0)
            matches = [.. _topology.Instances.Where(i => i.Resource.Name.Equals(resourceId, StringComparison.OrdinalIgnoreCase))];
        return matches.Count == 1
            ? ExecuteAsync(matches, commandName, cancellationToken)
            : Task.FromResult(ExecuteCommandResult.Failed($"Resource '{resourceId}' not found, or it has several replicas."));
    }

    /// <summary>Executes the command for every replica of the resource.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteAsync([.. _topology.Instances.Where(instance => instance.Resource == resource)], commandName, cancellationToken);

    private static async Task<ExecuteCommandResult> ExecuteAsync(
        List<ResourceInstance> instances, string commandName, CancellationToken cancellationToken)
    {
        if (commandName != KnownResourceCommands.StartCommand
            && commandName != KnownResourceCommands.StopCommand
            && commandName != KnownResourceCommands.RestartCommand)
            return ExecuteCommandResult.Failed($"There is no command '{commandName}'.");

        await Task.WhenAll(instances.Select(async instance =>
        {
            if (commandName != KnownResourceCommands.StartCommand)
                await instance.StopAsync();
            if (commandName != KnownResourceCommands.StopCommand)
                await instance.StartAsync(CancellationToken.None);
        })).WaitAsync(cancellationToken);
        var failed = instances.Find(instance => commandName != KnownResourceCommands.StopCommand && !instance.IsRunning);
        return failed is null ? new() { Success = true } : ExecuteCommandResult.Failed($"'{failed.Id}' did not start.");
    }
}

public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }

    public bool Canceled { get; init; }

    public string? Message { get; init; }

    internal static ExecuteCommandResult Failed(string message) => new() { Success = false, Message = message };
}
