using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// A background service that fails stops the host, which then exits with code 0 as if it had succeeded (dotnet/runtime#67146). This class
/// sets exit code 1, for supervisors and for whatever waits for the process to complete.
/// </summary>
internal sealed class FailureExitCode(IHostApplicationLifetime lifetime, IServiceProvider services) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(Look);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Look()
    {
        if (services.GetServices<IHostedService>().OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsFaulted: true }))
            Environment.ExitCode = 1;
    }
}
