using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chatable.ServiceDefaults.Outages;

internal static class OutageReports
{
    /// <summary>A store that does not serve is told of in a few lines, not in one for each call that fails.</summary>
    public static void AddOutageReports(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LoggerFactory>();
        builder.Services.AddSingleton<OutageLoggers>();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(services => services.GetRequiredService<OutageLoggers>()));
        builder.Services.AddHostedService<OutageWatch>();
    }
}
