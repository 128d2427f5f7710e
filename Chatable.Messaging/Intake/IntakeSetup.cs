using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.Intake;

public static class IntakeSetup
{
    /// <summary>
    /// Adds <see cref="IntakeLog"/>, <see cref="SharedAppends"/>, <see cref="IntakeReader"/> and <see cref="DeadLetterLog"/>. Requires a
    /// Redis connection.
    /// </summary>
    public static IServiceCollection AddIntake(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<IntakeOptions, IntakeOptionsValidator>(IntakeOptions.Section);
        services.AddSingleton<IntakeLog>();
        services.AddSingleton(provider =>
            new SharedAppends(provider.GetRequiredService<IntakeLog>().AppendAsync, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IntakeReader>();
        services.AddSingleton<DeadLetterLog>();
        return services;
    }
}
