using Chatable.Messaging.Intake;
using Chatable.Messaging.Users;

namespace Chatable.ApiService.Sending;

/// <summary>The path of every message into the intake, from sockets and requests alike.</summary>
internal static class SendingFeature
{
    public static void AddSending(this IHostApplicationBuilder builder)
    {
        builder.Services.AddIntake();
        builder.Services.AddSingleton<SendingMetrics>();
        builder.Services.AddSingleton(CreateIntakeWriter);
    }

    private static IntakeWriter CreateIntakeWriter(IServiceProvider services)
    {
        return ActivatorUtilities.CreateInstance<IntakeWriter>(
            services, (FindUser)services.GetRequiredService<UserDirectory>().FindAsync,
            (AppendEntries)services.GetRequiredService<SharedAppends>().AppendAsync,
            services.GetRequiredService<IntakeLog>().Partitions);
    }
}
