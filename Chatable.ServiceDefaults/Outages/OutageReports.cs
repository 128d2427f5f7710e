using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chatable.ServiceDefaults.Outages;

internal static class OutageReports
{
    /// <summary>Reports an unavailable store in a few log lines, instead of one for each failed call.</summary>
    public static void AddOutageReports(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LoggerFactory>();
        builder.Services.AddSingleton<OutageLoggers>();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(services => services.GetRequiredService<OutageLoggers>()));
        builder.Services.AddHostedService<OutageWatch>();
    }
}
