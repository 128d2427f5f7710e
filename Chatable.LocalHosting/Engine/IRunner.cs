namespace Chatable.LocalHosting;

/// <summary>How one kind of resource becomes a process.</summary>
internal interface IRunner
{
    /// <summary>Everything up to the start: folders, configuration, environment. Called before each start.</summary>
    /// <exception cref="DistributedApplicationException">It cannot be started; the message says why and what to do.</exception>
    Task<ProcessSpec> PrepareAsync(ResourceInstance instance, CancellationToken cancellationToken);

    /// <summary>Whether the running process answers as it should.</summary>
    Task<bool> IsHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken);

    /// <summary>Called once, when the process has ended for good.</summary>
    void CleanUp();
}
