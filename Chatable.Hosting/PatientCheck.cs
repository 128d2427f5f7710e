using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.Hosting;

/// <summary>
/// A check that polls for some seconds while a resource is unhealthy. Aspire itself checks less and less often, which would delay
/// everything that waits for the resource.
/// </summary>
internal sealed class PatientCheck(Func<IHealthCheck> create, PatientCheck.LastTold last) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes the check of that name patient. It must already be registered.</summary>
    public static void Use(IServiceCollection services, string name) =>
        services.Configure<HealthCheckServiceOptions>(options =>
        {
            var registration = options.Registrations.Single(one => one.Name == name);
            var (create, last) = (registration.Factory, new LastTold());
            registration.Factory = provider => new PatientCheck(() => create(provider), last);
        });

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var result = await create().CheckHealthAsync(context, cancellationToken);
            if (result.Status == HealthStatus.Healthy || result.Status != last.Status
                || TimeProvider.System.GetElapsedTime(began) >= s_patience)
            {
                last.Status = result.Status;
                return result;
            }

            await Task.Delay(s_pause, cancellationToken);
        }
    }

    internal sealed class LastTold
    {
        public HealthStatus Status { get; set; } = HealthStatus.Unhealthy;
    }
}
