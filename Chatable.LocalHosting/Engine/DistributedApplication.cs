using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.LocalHosting;

/// <summary>
/// A topology that runs as plain processes on this machine, for development and tests. It stands in for Aspire's type of the same
/// name where no container runtime is at hand.
/// </summary>
public sealed class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Topology _topology;

    internal DistributedApplication(IHost host)
    {
        _host = host;
        _topology = Services.GetRequiredService<Topology>();
        ResourceNotifications = Services.GetRequiredService<ResourceNotificationService>();
        ResourceCommands = Services.GetRequiredService<ResourceCommandService>();
    }

    public IServiceProvider Services => _host.Services;

    public ResourceNotificationService ResourceNotifications { get; }

    public ResourceCommandService ResourceCommands { get; }

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>
    /// Starts every resource in its order and returns once each has been started or has failed to; what became of one is told by
    /// <see cref="ResourceNotifications"/>.
    /// </summary>
    public Task StartAsync(CancellationToken cancellationToken = default) => _host.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>
    /// Runs until Ctrl+C or SIGTERM. Where a resource fails to start, or ends by itself with an error, the exit code of this process
    /// becomes 1.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken = default) =>
        Environment.ExitCode = await RunToExitCodeAsync(cancellationToken);

    internal async Task<int> RunToExitCodeAsync(CancellationToken cancellationToken)
    {
        var console = new ConsoleReport(Services);
        if (console.AnswersInstead(out var exitCode))
            return exitCode;
        try
        {
            console.Begin();
            await _host.StartAsync(cancellationToken);
            await _host.WaitForShutdownAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C during the start, or the first failure of a resource, which the console has reported.
        }

        await _host.StopAsync(CancellationToken.None);
        await DisposeAsync();
        return _topology.HasFailed ? 1 : 0;
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        await _topology.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
